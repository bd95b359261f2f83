"""What `tenon.tf` and `tenon.keras` stand on: tensors with TensorFlow's rules, their dtypes,
shapes, conversions and errors (docs/decisions/0020)."""
