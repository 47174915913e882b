@testable import Torch

extension OperatorCases {
  static func addFactory(to cases: inout [String: Call]) {
    cases["arange"] = { _ in try list(Tensor.arange(5)) }
    cases["arange.start_step"] = { _ in try list(Tensor.arange(start: 1, end: 2, step: 0.25, dtype: .float64)) }
    cases["eye.m"] = { _ in try list(Tensor.eye(2, 3)) }
    cases["fft_fftfreq"] = { _ in try list(Tensor.fftfreq(5, d: 0.5)) }
    cases["full"] = { _ in try list(Tensor.full([2, 2], value: 7)) }
    cases["full/dtype"] = { _ in try list(Tensor.full([2], value: 2.5, dtype: .float64)) }
    cases["full_like"] = { try list($0.x.fullLike(value: 3)) }
    cases["hann_window.periodic"] = { _ in try list(Tensor.hannWindow(windowLength: 6, periodic: false)) }
    cases["kaiser_window.beta"] = { _ in try list(Tensor.kaiserWindow(windowLength: 6, periodic: true, beta: 8)) }
    cases["linspace"] = { _ in try list(Tensor.linspace(start: 0, end: 1, steps: 5)) }
    cases["logspace"] = { _ in try list(Tensor.logspace(start: 0, end: 2, steps: 4, base: 2)) }
    cases["new_full"] = { try list($0.x.newFull([2, 2], value: 4)) }
    cases["ones"] = { _ in try list(Tensor.ones([2], dtype: .int64)) }
    cases["ones_like"] = { try list($0.x.onesLike()) }
    cases["tril_indices"] = { _ in try list(Tensor.trilIndices(row: 3, col: 3)) }
    cases["triu_indices"] = { _ in try list(Tensor.triuIndices(row: 3, col: 3, offset: 1)) }
    cases["zeros"] = { _ in try list(Tensor.zeros([2, 3])) }
    cases["zeros_like"] = { try list($0.x.zerosLike()) }
    cases["bernoulli.p"] = { try list($0.x.bernoulli(p: 0.4, generator: Generator(seed: 7))) }
    cases["multinomial"] = { try list($0.x.multinomial(numSamples: 4, replacement: true, generator: Generator(seed: 7))) }
    cases["normal.Tensor_Tensor"] = { try list(Tensor.normal(mean: $0.x, std: $0.y, generator: Generator(seed: 7))) }
    cases["poisson"] = { try list($0.x.mul(5).poisson(generator: Generator(seed: 7))) }
    cases["rand.generator"] = { _ in try list(Tensor.rand([5], generator: Generator(seed: 7))) }
    cases["randint.low_generator"] = { _ in try list(Tensor.randint(low: -3, high: 9, shape: [6], generator: Generator(seed: 7))) }
    cases["randn.generator"] = { _ in try list(Tensor.randn([17], generator: Generator(seed: 7))) }
    cases["randperm.generator"] = { _ in try list(Tensor.randperm(9, generator: Generator(seed: 7))) }
    cases["uniform_"] = { input in try inPlace(input.x) { try $0.uniform_(from: -1, to: 1, generator: Generator(seed: 7)) } }
    cases["normal_"] = { input in try inPlace(input.x) { try $0.normal_(mean: 1, std: 0.5, generator: Generator(seed: 7)) } }
    cases["exponential_"] = { input in try inPlace(input.x) { try $0.exponential_(lambd: 2, generator: Generator(seed: 7)) } }
  }
}
