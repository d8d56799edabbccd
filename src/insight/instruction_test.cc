#include "insight/instruction.h"

#include <gtest/gtest.h>

namespace entrepot::insight {
namespace {

TEST(InstructionTest, ClassicBuildersFormsAreReadAsTheyWereWritten) {
  EXPECT_EQ(instruction_of(R"(/bin/sh -c #(nop)  CMD ["sh"])"), R"(CMD ["sh"])");
  EXPECT_EQ(instruction_of("/bin/sh -c #(nop) ADD file:5c2f in / "), "ADD file:5c2f in /");
  EXPECT_EQ(instruction_of("/bin/sh -c apt-get update &&     apt-get install -y curl"),
            "RUN apt-get update &&     apt-get install -y curl");
  EXPECT_EQ(instruction_of("|2 A=1 B=two words /bin/sh -c make $A"), "RUN make $A");
}

TEST(InstructionTest, BuildKitsFormsAreReadAsTheyWereWritten) {
  EXPECT_EQ(instruction_of("RUN /bin/sh -c apt-get update # buildkit"), "RUN apt-get update");
  EXPECT_EQ(instruction_of("RUN |1 TOKEN=secret /bin/sh -c make # buildkit"), "RUN make");
  EXPECT_EQ(instruction_of("COPY /a /b # buildkit"), "COPY /a /b");
  EXPECT_EQ(instruction_of("RUN /bin/sh -c cat <<EOF > /x\nhello\nEOF # buildkit"),
            "RUN cat <<EOF > /x\nhello\nEOF");
  EXPECT_EQ(instruction_of(R"(RUN ["/bin/true"] # buildkit)"), R"(RUN ["/bin/true"])");
}

TEST(InstructionTest, WhatNoBuilderWroteStaysAsItIs) {
  for (const char* each :
       {"", "bazel build ...", "|x", "|1 A=b", "RUN", "# debian.sh --arch", "apko", "#(nop) CMD"}) {
    EXPECT_EQ(instruction_of(each), each);
  }
  EXPECT_EQ(instruction_of("  \n"), "");
}

}  // namespace
}  // namespace entrepot::insight
