import MartletCore
import Synchronization
import Testing

@testable import Torch

/// y = exp(x), with a backward that uses the saved output.
private struct Exponential: DifferentiableFunction {
  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    let y = try inputs[0].exp()
    return ([y], [y])
  }
  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] { [try gradients[0].map { try $0 * saved[0] }] }
}

/// Two inputs and two outputs, one of which no loss uses.
private struct ProductAndSum: DifferentiableFunction {
  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) {
    ([try inputs[0] * inputs[1], try inputs[0] + inputs[1]], inputs)
  }
  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] {
    var first: Tensor?, second: Tensor?
    if let gradient = gradients[0] { (first, second) = (try gradient * saved[1], try gradient * saved[0]) }
    if let gradient = gradients[1] {
      first = try first.map { try $0 + gradient } ?? gradient
      second = try second.map { try $0 + gradient } ?? gradient
    }
    return [first, second]
  }
}

private struct Failing: DifferentiableFunction {
  func forward(_ inputs: [Tensor]) throws -> (outputs: [Tensor], saved: [Tensor]) { ([try inputs[0].clone()], []) }
  func backward(_ gradients: [Tensor?], saved: [Tensor]) throws -> [Tensor?] { throw ArgumentError("no way back") }
}

@Suite struct AutogradTests {
  @Test func gradientsAddUp() throws {
    let x = try Tensor([1, 2, 3] as [Float]).requiringGrad()
    try (x * x).sum().backward()
    try (x * x).sum().backward()
    #expect(try x.grad?.array(of: Float.self) == [4, 8, 12])
    try x.setGrad(nil)
    #expect(x.grad == nil)
    #expect(x.isLeaf && x.requiresGrad)
    #expect(try !(x * 2).isLeaf)
  }

  @Test func higherOrdersEqualPyTorch() throws {
    let orders = try TorchFixture.shared.get().orders
    let x = try Tensor([1, 2, 3] as [Float]).requiringGrad()
    let loss = try (x ** 3).sum()
    let first = try #require(try Tensor.gradients(of: [loss], withRespectTo: [x], createGraph: true)[0])
    let second = try #require(try Tensor.gradients(of: [first.sum()], withRespectTo: [x], createGraph: true)[0])
    let third = try #require(try Tensor.gradients(of: [second.sum()], withRespectTo: [x])[0])
    #expect(try [first, second, third].map { try $0.array(of: Double.self) } == orders)
    #expect(x.grad == nil)
  }

  @Test func theGraphGoesUnlessItIsKept() throws {
    let x = try Tensor([2] as [Float]).requiringGrad()
    let kept = try (x * x).sum()
    try kept.backward(retainGraph: true)
    try kept.backward()
    #expect(try x.grad?.array(of: Float.self) == [8])
    #expect(throws: TorchError.self) { try kept.backward() }
    #expect(throws: TorchError.self) { try (x * x).backward(gradient: Tensor.zeros([3])) }
    #expect(throws: TorchError.self) { try Tensor.zeros([2]).sum().backward() }
  }

  @Test func unusedInputsAreNothingOrAnError() throws {
    let x = try Tensor([2] as [Float]).requiringGrad(), y = try Tensor([2] as [Float]).requiringGrad()
    let loss = try x.sum()
    #expect(throws: TorchError.self) { try Tensor.gradients(of: [loss], withRespectTo: [x, y], retainGraph: true) }
    let gradients = try Tensor.gradients(of: [loss], withRespectTo: [x, y], allowUnused: true)
    #expect(try gradients[0]?.array(of: Float.self) == [1] && gradients[1] == nil)
  }

  @Test func hooksSeeAndReplaceGradients() throws {
    let x = try Tensor([1, 2] as [Float]).requiringGrad()
    let y = try x * 3
    let seen = Mutex<[Float]>([])
    let hook = try y.registerHook { gradient in
      let values = try gradient.array(of: Float.self)
      seen.withLock { $0 = values }
      return try gradient * 10
    }
    try y.sum().backward(retainGraph: true)
    #expect(seen.withLock { $0 } == [1, 1])
    #expect(try x.grad?.array(of: Float.self) == [30, 30])
    try hook.remove()
    try x.setGrad(nil)
    try y.sum().backward()
    #expect(try x.grad?.array(of: Float.self) == [3, 3])
  }

  @Test func aHookOnAnOutputWithoutGradientIsNotCalled() throws {
    let x = try Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]).requiringGrad()
    let parts = try x.unbind(dim: 0)
    let calls = Mutex(0)
    try parts[0].registerHook { gradient in
      calls.withLock { $0 += 1 }
      return try gradient.mul(2)
    }
    try parts[1].sum().backward()
    #expect(try x.grad?.array(of: Float.self) == [0, 0, 1, 1])
    #expect(calls.withLock { $0 } == 0)
  }

  @Test func anErrorInAHookEndsBackward() throws {
    let x = try Tensor([1] as [Float]).requiringGrad()
    let y = try x * 2
    try y.registerHook { _ in throw ArgumentError("the hook says no") }
    let error = #expect(throws: TorchError.self) { try y.sum().backward() }
    #expect(error?.kind == .callback && error?.message.contains("the hook says no") == true)
  }

  @Test func aFunctionOfOnesOwn() throws {
    let x = try Tensor([0, 1, 2] as [Double]).requiringGrad()
    let y = try Exponential().apply([x])[0]
    let first = try #require(try Tensor.gradients(of: [y.sum()], withRespectTo: [x], createGraph: true)[0])
    #expect(try first.sub(x.exp()).abs().amax().double() < 1e-12)
    let second = try #require(try Tensor.gradients(of: [first.sum()], withRespectTo: [x])[0])
    #expect(try second.sub(x.exp()).abs().amax().double() < 1e-12)
    // A second pass over a graph that is gone is an error, and gives every handle back.
    let once = try Exponential().apply([x])[0].sum()
    try once.backward()
    #expect(throws: TorchError.self) { try once.backward() }
    // Not recorded where nothing needs it.
    #expect(try !Exponential().apply([x.detach()])[0].requiresGrad)
    #expect(try !withoutGrad { try Exponential().apply([x])[0] }.requiresGrad)
  }

  @Test func severalInputsAndOutputs() throws {
    let a = try Tensor([2] as [Float]).requiringGrad(), b = try Tensor([5] as [Float]).requiringGrad()
    let outputs = try ProductAndSum().apply([a, b])
    try outputs[0].sum().backward()
    #expect(try a.grad?.array(of: Float.self) == [5])
    #expect(try b.grad?.array(of: Float.self) == [2])
    let both = try ProductAndSum().apply([a, b])
    try (both[0] + both[1]).sum().backward()
    #expect(try a.grad?.array(of: Float.self) == [11])
  }

  @Test func anErrorInBackwardArrives() throws {
    let x = try Tensor([1] as [Float]).requiringGrad()
    let y = try Failing().apply([x])[0]
    let error = #expect(throws: TorchError.self) { try y.sum().backward() }
    #expect(error?.kind == .callback && error?.message.contains("no way back") == true)
  }

  @Test func scopesSwitchRecording() throws {
    let x = try Tensor([1] as [Float]).requiringGrad()
    #expect(isGradEnabled)
    try withoutGrad {
      #expect(!isGradEnabled)
      #expect(try !(x * 2).requiresGrad)
      let inner = try withGrad { try x * 2 }
      #expect(inner.requiresGrad)
    }
    #expect(throws: ArgumentError.self) { try withoutGrad { throw ArgumentError("out") } }
    #expect(isGradEnabled)
    let inferred = try inferenceMode { try x * 2 }
    #expect(!inferred.requiresGrad)
    #expect(throws: TorchError.self) { try (inferred * x).sum().backward() }
  }

  @Test func autocastEqualsPyTorch() throws {
    let fixture = try TorchFixture.shared.get().autocast
    let a = try Tensor(fixture.a.values, shape: fixture.a.shape).to(.float32)
    let b = try Tensor(fixture.b.values, shape: fixture.b.shape).to(.float32)
    let product = try autocast { try a.matmul(b) }
    #expect(product.dtype == .bfloat16)
    #expect(try product.array(of: Double.self) == fixture.product.values)
    #expect(try a.matmul(b).dtype == .float32)
    let switchedOff = try autocast { try autocast(enabled: false) { try a.matmul(b) } }
    #expect(switchedOff.dtype == .float32)
  }

  @Test func threadsAreAScope() throws {
    let before = TorchThreads.count
    try TorchThreads.with(1) { #expect(TorchThreads.count == 1) }
    #expect(TorchThreads.count == before)
    #expect(throws: TorchError.self) { try TorchThreads.set(0) }
  }
}
