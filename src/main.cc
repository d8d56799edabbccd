#include <string>
#include <vector>

#include "server/command/program.h"
#include "server/host/process.h"

int main(int argc, char** argv) {
  entrepot::server::prepare_process();
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  return entrepot::server::run_program(words);
}
