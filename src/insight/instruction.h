#pragma once
// insight/instruction.h — the Dockerfile's instruction behind an entry of an image's history.

#include <string>
#include <string_view>

namespace entrepot::insight {

// `created_by` of an image's history (image-spec, config.md) as a person would have written it:
//
//   | builder writes                                     | instruction           |
//   |----------------------------------------------------|-----------------------|
//   | /bin/sh -c #(nop)  CMD ["sh"]                      | CMD ["sh"]            |
//   | /bin/sh -c apt-get update                          | RUN apt-get update    |
//   | |1 VERSION=1.2 /bin/sh -c make                     | RUN make              |
//   | RUN |1 VERSION=1.2 /bin/sh -c make # buildkit      | RUN make              |
//   | COPY . /src # buildkit                             | COPY . /src           |
//
// What no builder of these writes is told as it is. Values of build arguments are left out: they
// are not part of the instruction, and sometimes secret.
std::string instruction_of(std::string_view created_by);

}  // namespace entrepot::insight
