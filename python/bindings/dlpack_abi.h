#pragma once

#include <cstdint>

// The memory layout of DLPack 1.x (dmlc.github.io/dlpack), by which array libraries hand each other
// their data. Names are those of the specification.
namespace tenon::python::dlpack {

enum DeviceType : int32_t { kDLCPU = 1, kDLCUDAHost = 3 };

enum TypeCode : uint8_t {
  kDLInt = 0,
  kDLUInt = 1,
  kDLFloat = 2,
  kDLBfloat = 4,
  kDLComplex = 5,
  kDLBool = 6,
};

struct DLDevice {
  int32_t device_type;
  int32_t device_id;
};

struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};

struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;  ///< in elements; null for row-major ones
  uint64_t byte_offset;
};

/// Before version 1; the capsule is called "dltensor".
struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(DLManagedTensor* self);
};

struct DLPackVersion {
  uint32_t major;
  uint32_t minor;
};

constexpr uint64_t kReadOnly = 1;  ///< DLPACK_FLAG_BITMASK_READ_ONLY
constexpr uint64_t kIsCopied = 2;  ///< DLPACK_FLAG_BITMASK_IS_COPIED

/// From version 1 on; the capsule is called "dltensor_versioned".
struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(DLManagedTensorVersioned* self);
  uint64_t flags;
  DLTensor dl_tensor;
};

}  // namespace tenon::python::dlpack
