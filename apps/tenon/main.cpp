#include "apps/tenon/command.h"

int main(int argc, char** argv) { return tenon::app::run(argc, argv); }
