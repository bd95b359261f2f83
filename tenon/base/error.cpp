#include "tenon/base/error.h"

namespace tenon {

// Defined here so that one library owns the type information that `catch` compares.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
DTypeError::~DTypeError() = default;
IndexError::~IndexError() = default;
ValueError::~ValueError() = default;
DeviceError::~DeviceError() = default;
IoError::~IoError() = default;
OutOfMemoryError::~OutOfMemoryError() = default;
AutogradError::~AutogradError() = default;

}  // namespace tenon
