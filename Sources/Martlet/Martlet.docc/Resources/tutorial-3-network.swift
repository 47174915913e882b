import Martlet

final class Network: Module, Layer {
  let conv1 = Conv2d(1, 16, kernel: 3), conv2 = Conv2d(16, 32, kernel: 3)
  let fc1 = Linear(32 * 5 * 5, 64), fc2 = Linear(64, 10)

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
    var h = try maxPool2d(relu(conv1(x)), 2)
    h = try maxPool2d(relu(conv2(h)), 2)
    return try fc2(relu(fc1(h.flatten(from: 1))))
  }
}

print(try summary(of: Network(), input: [1, 1, 28, 28]))
