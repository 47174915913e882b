public import Torch

// A parameter stands for its value beside a tensor: `try x * gain + offset`. A value that cannot be made throws here.
extension Parameter {
  public static func + (lhs: Tensor, rhs: Parameter) throws(TorchError) -> Tensor { try lhs.add(rhs.value) }
  public static func - (lhs: Tensor, rhs: Parameter) throws(TorchError) -> Tensor { try lhs.sub(rhs.value) }
  public static func * (lhs: Tensor, rhs: Parameter) throws(TorchError) -> Tensor { try lhs.mul(rhs.value) }
  public static func / (lhs: Tensor, rhs: Parameter) throws(TorchError) -> Tensor { try lhs.div(rhs.value) }

  public static func + (lhs: Parameter, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.value.add(rhs) }
  public static func - (lhs: Parameter, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.value.sub(rhs) }
  public static func * (lhs: Parameter, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.value.mul(rhs) }
  public static func / (lhs: Parameter, rhs: Tensor) throws(TorchError) -> Tensor { try lhs.value.div(rhs) }
}
