#include "apps/tenon/command.h"

#include <csignal>

int main(int argc, char** argv) {
  // A file beyond the shell's size limit is then an error that names it, not the end of the
  // process.
  std::signal(SIGXFSZ, SIG_IGN);
  return tenon::app::run(argc, argv);
}
