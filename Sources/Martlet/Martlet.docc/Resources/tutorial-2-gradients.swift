import Martlet

let x = try Tensor([1.0, 2.0, 3.0]).requiringGrad()
let loss = try (x * x).sum()
try loss.backward()
print(x.grad!)  // [2, 4, 6]
