// DLPack both ways: tensors as capsules that other libraries read, and capsules as tensors.

#include <algorithm>
#include <memory>
#include <optional>

#include "python/bindings/arrays.h"
#include "python/bindings/casters.h"
#include "python/bindings/dlpack_abi.h"
#include "python/bindings/functions.h"
#include "python/bindings/gil.h"
#include "tenon/base/error.h"
#include "tenon/ops/creation/from_data.h"
#include "tenon/ops/functions.h"

namespace nb = nanobind;

namespace tenon::python {
namespace {

using namespace dlpack;

constexpr char kOld[] = "dltensor", kOldUsed[] = "used_dltensor";
constexpr char kNew[] = "dltensor_versioned", kNewUsed[] = "used_dltensor_versioned";

DLDataType type_of(DType dtype) {
  const TypeCode code = dtype == kBool       ? kDLBool
                        : dtype == kBFloat16 ? kDLBfloat
                        : is_complex(dtype)  ? kDLComplex
                        : is_floating(dtype) ? kDLFloat
                        : is_unsigned(dtype) ? kDLUInt
                                             : kDLInt;
  return {code, static_cast<uint8_t>(8 * size_of(dtype)), 1};
}

DType dtype_of(DLDataType type) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const DLDataType known = type_of(static_cast<DType>(i));
    if (known.code == type.code && known.bits == type.bits && type.lanes == 1) {
      return static_cast<DType>(i);
    }
  }
  fail<DTypeError>("from_dlpack", "no dtype here is DLPack's code " + std::to_string(type.code) +
                                      ", " + std::to_string(type.bits) + " bits, " +
                                      std::to_string(type.lanes) + " lanes");
}

/// What a capsule of ours owns: the tensor, and its sizes as DLPack wants them.
template <class Managed>
struct Export {
  Managed managed{};
  Tensor tensor;
  std::optional<Borrowed> memory;
  std::vector<int64_t> shape, strides;
};

template <class Managed>
Managed* make_managed(const Tensor& tensor) {
  auto owner = std::make_unique<Export<Managed>>();
  owner->tensor = tensor;
  owner->shape.assign(tensor.sizes().begin(), tensor.sizes().end());
  owner->strides.assign(tensor.strides().begin(), tensor.strides().end());
  Managed& managed = owner->managed;
  managed.dl_tensor = {tensor.raw_data(),
                       {kDLCPU, 0},
                       static_cast<int32_t>(tensor.dim()),
                       type_of(tensor.dtype()),
                       owner->shape.data(),
                       owner->strides.data(),
                       0};
  owner->memory.emplace(tensor);
  managed.deleter = [](Managed* self) { delete static_cast<Export<Managed>*>(self->manager_ctx); };
  managed.manager_ctx = owner.get();
  return &owner.release()->managed;
}

/// Of a capsule that nobody took.
template <class Managed, const char* name>
void destroy_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, name)) return;
  auto* const managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  if (managed && managed->deleter) managed->deleter(managed);
}

template <class Managed, const char* name>
nb::object make_capsule(Managed* managed) {
  PyObject* const capsule = PyCapsule_New(managed, name, destroy_capsule<Managed, name>);
  if (!capsule) {
    managed->deleter(managed);
    throw nb::python_error();
  }
  return nb::steal(capsule);
}

nb::object to_capsule(const Tensor& tensor, bool versioned, bool is_copied) {
  if (tensor.requires_grad()) {
    fail<ValueError>("dlpack",
                     "the tensor requires a gradient, which would miss what others write; "
                     "use x.detach()");
  }
  if (!versioned) return make_capsule<DLManagedTensor, kOld>(make_managed<DLManagedTensor>(tensor));
  auto* const managed = make_managed<DLManagedTensorVersioned>(tensor);
  managed->version = {1, 0};
  managed->flags = is_copied ? kIsCopied : 0;
  return make_capsule<DLManagedTensorVersioned, kNew>(managed);
}

/// A tensor over DLPack's memory, whose deleter runs when the last user has gone.
template <class Managed>
Tensor tensor_over(Managed* managed) {
  const std::shared_ptr<Managed> owner(managed, [](Managed* self) {
    if (!self->deleter || !Py_IsInitialized()) return;
    const HoldGil held;
    self->deleter(self);
  });
  const DLTensor& given = managed->dl_tensor;
  if (given.device.device_type != kDLCPU && given.device.device_type != kDLCUDAHost) {
    fail<DeviceError>("from_dlpack", "expected data in host memory, got DLPack's device type " +
                                         std::to_string(given.device.device_type));
  }
  if (given.ndim < 0 || static_cast<size_t>(given.ndim) > kMostTensorDims) {
    fail<ShapeError>("from_dlpack", std::to_string(given.ndim) + " dims are more than the " +
                                        std::to_string(kMostTensorDims) + " that tensors have");
  }
  const DType dtype = dtype_of(given.dtype);
  Shape sizes, strides;
  int64_t reach = 1, stride = 1;
  for (int i = given.ndim; i-- > 0;) {
    sizes.push_back(given.shape[i]);
    strides.push_back(given.strides ? given.strides[i] : stride);
    if (strides.back() < 0) {
      fail<ShapeError>("from_dlpack", "negative strides have no tensor here; copy the array first");
    }
    stride *= given.shape[i];
    reach += strides.back() * std::max<int64_t>(given.shape[i] - 1, 0);
  }
  std::reverse(sizes.begin(), sizes.end());
  std::reverse(strides.begin(), strides.end());
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return empty(sizes, dtype);
  void* const data = static_cast<char*>(given.data) + given.byte_offset;
  const Tensor all = from_blob(data, {reach}, dtype, [owner](void*) {});
  all.impl()->storage->borrow();  // whoever gave it away may hold it, too
  return as_strided(all, sizes, strides, 0);
}

/// What a capsule holds becomes ours: it says so by another name.
template <class Managed>
Managed* take(nb::handle capsule, const char* name, const char* used) {
  auto* const managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (!managed || PyCapsule_SetName(capsule.ptr(), used) != 0) throw nb::python_error();
  return managed;
}

Tensor from_capsule(nb::handle capsule) {
  if (PyCapsule_IsValid(capsule.ptr(), kOld)) {
    return tensor_over(take<DLManagedTensor>(capsule, kOld, kOldUsed));
  }
  if (!PyCapsule_IsValid(capsule.ptr(), kNew)) {
    fail_type("from_dlpack() takes an array, or a DLPack capsule that nobody took yet, not %s",
              Py_TYPE(capsule.ptr())->tp_name);
  }
  auto* const managed = take<DLManagedTensorVersioned>(capsule, kNew, kNewUsed);
  const bool is_known = managed->version.major == 1;
  const bool is_writable = (managed->flags & kReadOnly) == 0;
  if (is_known && is_writable) return tensor_over(managed);
  const std::string version = std::to_string(managed->version.major);
  if (managed->deleter) managed->deleter(managed);
  if (!is_known) {
    fail<ValueError>("from_dlpack", "expected DLPack 1, got " + version);
  }
  fail<ValueError>("from_dlpack",
                   "the array is read-only, and tensors can be written; use copy=True");
}

}  // namespace

void add_dlpack(nb::module_& module) {
  module.def("to_dlpack_capsule", to_capsule, nb::arg("tensor"), nb::arg("versioned"),
             nb::arg("is_copied"));
  module.def("from_dlpack_capsule", from_capsule, nb::arg("capsule"));
}

}  // namespace tenon::python
