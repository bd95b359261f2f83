#include "python/bindings/gil.h"

#include <nanobind/nanobind.h>
#include <unistd.h>

#include <exception>

#if defined(__linux__)
#include <sys/syscall.h>
#else
#include <pthread.h>
#endif

namespace tenon::python {
namespace {

/// The only thread that Python handles signals on. Asked anew each time: a forked child's is the
/// one that forked.
bool is_main_thread() {
#if defined(__linux__)
  return syscall(SYS_gettid) == getpid();
#else
  return pthread_main_np() != 0;
#endif
}

void* leave() { return PyGILState_Check() ? PyEval_SaveThread() : nullptr; }

/// Where the process ends, Python ends the threads that ask for its lock by unwinding them, which
/// passes no `noexcept`: they stay here instead, as they do from Python 3.14 on.
struct StaysWhenUnwound {
  bool has_lock = false;
  ~StaysWhenUnwound() {
    while (!has_lock) pause();
  }
};

void come_back(void* state) {
  StaysWhenUnwound stays;
  PyEval_RestoreThread(static_cast<PyThreadState*>(state));
  stays.has_lock = true;
}

/// Lets Python's handlers of signals run; KeyboardInterrupt, or what else they raise, stops the
/// work.
void check(void* state) {
  if (!is_main_thread()) return;
  come_back(state);
  if (PyErr_CheckSignals() == 0) {
    PyEval_SaveThread();
    return;
  }
  const std::exception_ptr error = std::make_exception_ptr(nanobind::python_error());
  PyEval_SaveThread();
  std::rethrow_exception(error);
}

}  // namespace

PyGILState_STATE take_lock() {
  StaysWhenUnwound stays;
  const PyGILState_STATE state = PyGILState_Ensure();
  stays.has_lock = true;
  return state;
}

void set_python_as_host() { set_host({leave, come_back, check}); }

}  // namespace tenon::python
