import Martlet

let x = try Tensor.randn([64, 1, 28, 28])
let y = try (x * 2 + 1).mean(dims: [0])
print(y.shape, try y.mean().double())
