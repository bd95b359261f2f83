// Another dtype or device: to_dtype, to_device, Tensor::to.

#include "tenon/base/error.h"
#include "tenon/ops/define.h"

namespace tenon {

Tensor Tensor::to(DType dtype) const {
  return dtype == this->dtype() ? *this : to_dtype(*this, dtype);
}

Tensor Tensor::to(Device device) const {
  return device == this->device() ? *this : to_device(*this, device);
}

namespace ops {

void define_to_dtype(OpDef& op) {
  op.doc(
        "`x` converted, a copy: floating to integer truncates, saturates, and gives 0 for NaN; an "
        "integer to a narrower one wraps; to bool is x != 0; complex to real drops the imaginary "
        "part.")
      .accepts(kAnySet)
      .shape([](const Tensor& x, DType dtype) -> Spec {
        return {dtype, x.sizes()};
      })
      .tile([](TileBuilder& t) { t.store(0, t.load(0)); })
      .saves_sizes()
      .vjp([](const Saved& saved, const Tensor& dy) -> Grads {
        return {dy.to(saved.input_dtype(0))};
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(kFloat64)}},
                {{sample_tensor({3, 4})}, {Attribute(kInt32)}, false},
                {{sample_tensor({5})}, {Attribute(kBool)}, false}};
      });
}

void define_to_device(OpDef& op) {
  op.doc(
        "`x` on another device: a copy of the data, or, on 'meta', its sizes and dtype alone. "
        "DeviceError from 'meta', which has no data to copy.")
      .accepts(kAnySet)
      .compose([](const Tensor& x, Device device) -> Tensor {
        if (device == x.device()) return x;
        if (device == kMeta) return new_tensor(x.sizes(), x.dtype(), device);
        fail<DeviceError>("to_device", "can't copy from '" + to_string(x.device()) + "' to '" +
                                           to_string(device) +
                                           (x.device() == kMeta ? "': there is no data" : "'"));
      })
      .samples([]() -> std::vector<Sample> {
        return {{{sample_tensor({3, 4})}, {Attribute(kCpu)}}};
      });
}

}  // namespace ops
}  // namespace tenon
