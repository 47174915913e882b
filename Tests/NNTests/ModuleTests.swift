import MartletCore
import NN
import Testing
import Torch

private class Base: Module {
  let first = Linear(2, 2, bias: false)
}

private final class Everything: Base, Layer {
  let ownWeight = Parameter(shape: [3], .ones)
  let maybe: Linear? = Linear(1, 1, bias: false)
  let nothing: Linear? = nil
  let blocks: [Linear] = [Linear(1, 2, bias: false), Linear(2, 1, bias: false)]
  let mixed: [any Layer] = [ReLU(), Linear(1, 1, bias: false)]
  let heads: [String: Linear] = ["b": Linear(1, 1, bias: false), "a": Linear(1, 1, bias: false)]
  let pair = (left: Linear(1, 1, bias: false), Linear(1, 1, bias: false))
  let scales: [Parameter] = [Parameter(shape: [1], .zeros), Parameter(shape: [1], .zeros)]
  let table = Buffer(persistent: false) { () throws(TorchError) in try Tensor.zeros([2]) }
  let lookups = [1, 2, 3]
  let text = "not a member"
  lazy var later = Linear(1, 1, bias: false)

  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try first(x) }
}

private final class Renamed: Module {
  let branch = Linear(1, 1, bias: false)
  let flat = Sequential(Linear(1, 1, bias: false), ReLU())
  override class var stateNames: [String: String] { ["branch": "Branch_5b", "flat": ""] }
}

private final class Tied: Module {
  let embedding = Embedding(3, 2)
  let output = Linear(2, 3, bias: false)
  override init() {
    super.init()
    output.weight = embedding.weight
  }
}

private final class Tunable: Module, Layer {
  let body = Linear(2, 3)
  var head = Linear(3, 4)
  func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try head(relu(body(x))) }
}

private final class Child: Module {
  let weight = Parameter(shape: [1], .ones)
  weak var owner: Owner?
}

private final class Owner: Module {
  let child = Child()
  override init() {
    super.init()
    child.owner = self
  }
}

extension NNSuite {
  @Suite struct ModuleTests {
    @Test func membersAreFoundWhereverTheyAre() throws {
      let model = Everything()
      #expect(
        model.namedParameters().map(\.name) == [
          "own_weight", "scales.0", "scales.1", "first.weight", "maybe.weight", "blocks.0.weight", "blocks.1.weight", "mixed.1.weight",
          "heads.a.weight", "heads.b.weight", "pair.left.weight", "pair.1.weight",
        ])
      #expect(model.namedBuffers().map(\.name) == ["table"])
      #expect(try !model.state().names.contains("table"), "a buffer that is not persistent is no state")
      #expect(model.namedModules().map(\.path).contains("mixed.0"))
      _ = model.later
      #expect(model.namedParameters().last?.name == "later.weight")
    }

    @Test func namesCanBeGivenByHand() {
      #expect(Renamed().namedParameters().map(\.name) == ["Branch_5b.weight", "0.weight"])
      let named = Sequential(named: ["conv1": Conv1d(1, 1, kernel: 1, bias: false), "relu1": ReLU()])
      #expect(named.namedParameters().map(\.name) == ["conv1.weight"])
    }

    @Test func sharedParametersCountOnceAndHaveBothNames() throws {
      let model = Tied()
      #expect(model.parameters().count == 1)
      #expect(model.parameterCount() == 6)
      #expect(try model.state().names == ["embedding.weight", "output.weight"])
      #expect(model.namedParameters().map(\.name) == ["embedding.weight"])
    }

    @Test func aReplacedHeadIsSeen() {
      let model = Tunable()
      #expect(model.parameterCount() == 9 + 16)
      model.head = Linear(3, 2)
      #expect(model.parameterCount() == 9 + 8)
      let other = Linear(3, 5)
      _ = model.parameters()
      model.head = other
      model.structureChanged()
      #expect(model.parameterCount() == 9 + 20)
    }

    @Test func modesReachEveryModule() {
      let model = Sequential(Dropout(), Sequential(BatchNorm1d(2)))
      #expect(model.namedModules().allSatisfy { $0.module.isTraining })
      model.eval()
      #expect(model.namedModules().allSatisfy { !$0.module.isTraining })
      model.layers[1].train()
      #expect(model.namedModules().map(\.module.isTraining) == [false, false, true, true])
    }

    @Test func freezingPartsOfAModel() throws {
      let model = Tunable()
      model.body.freeze()
      #expect(model.parameterCount(trainable: true) == 16)
      try model(Tensor.ones([1, 2])).sum().backward()
      #expect(model.body.weight.grad == nil)
      #expect(model.head.weight.grad != nil)
      model.freeze()
      #expect(model.head.weight.grad == nil, "freezing forgets the gradient")
      model.unfreeze()
      #expect(model.parameterCount(trainable: true) == model.parameterCount())
    }

    @Test func aChildThatKnowsItsOwnerEndsTheWalk() throws {
      let owner = Owner()
      #expect(try owner.state().names == ["child.weight"])
      #expect(owner.child.path == "child")
      #expect(owner.child.namedModules().map(\.path) == [""])
    }

    @Test func modulesGoWhenNobodyHoldsThem() {
      weak var model: Everything?
      do {
        let made = Everything()
        _ = made.parameters()
        made.eval()
        model = made
      }
      #expect(model == nil)
    }

    @Test func pathsAndLookup() {
      let model = Sequential(Linear(1, 1), Sequential(Linear(1, 1)))
      #expect(model.module(at: "1.0") === model.namedModules().last?.module)
      #expect(model.module(at: "9") == nil)
      #expect(model.namedModules().map(\.path) == ["", "0", "1", "1.0"])
      #expect(model.module(at: "1.0")?.path == "1.0")
      #expect(model.module(at: "1.0")?.description == "Linear(1→1)")
    }

    @Test func conversionKeepsIntegersAndIsWholeOrNothing() throws {
      let model = Sequential(Linear(2, 2), BatchNorm1d(2))
      try model.to(.float64)
      let types = Dictionary(uniqueKeysWithValues: try model.state().map { ($0.name, $0.tensor.dtype) })
      #expect(types["0.weight"] == .float64)
      #expect(types["1.running_mean"] == .float64)
      #expect(types["1.num_batches_tracked"] == .int64)
      #expect(model.parameters().allSatisfy { $0.requiresGrad })
      #expect(try model(Tensor.ones([3, 2], dtype: .float64)).dtype == .float64)
    }

    @Test func parametersKeepTheirErrors() throws {
      let parameter = Parameter { () throws(TorchError) in try Tensor.zeros([2]).reshape([3]) }
      #expect(throws: TorchError.self) { try parameter.value }
      #expect(parameter.count == 0)
      #expect(parameter.shape == [])
      #expect(throws: TorchError.self) { try Parameter(Tensor([1, 2])).value }
    }

    @Test func parametersAndBuffersCopyWhatTheyAreGiven() throws {
      let original = try Tensor([1, 2] as [Float])
      let parameter = Parameter(original), buffer = Buffer(original)
      try parameter.assign(Tensor([3, 4] as [Float]))
      try buffer.assign(Tensor([5, 6] as [Float]))
      #expect(try original.array(of: Float.self) == [1, 2])
      #expect(!original.requiresGrad)
      #expect(try parameter.value.detach().array(of: Float.self) == [3, 4])
      #expect(throws: TorchError.self) { try parameter.assign(Tensor([1] as [Float])) }
    }

    @Test func trainingALinearModelByHand() throws {
      try RandomState.seed(0)
      let model = Linear(2, 1)
      let x = try Tensor.randn([64, 2])
      let y = try x.matmul(Tensor([2, -3] as [Float], shape: [2, 1])) + 1
      var last = Double.infinity
      for _ in 0..<200 {
        let loss = try mse(model(x), y)
        model.zeroGradients()
        try loss.backward()
        for parameter in model.parameters() {
          let grad = try #require(parameter.grad)
          try parameter.assign(parameter.value.detach() - grad * 0.1)
        }
        last = try loss.double()
      }
      #expect(last < 1e-4)
    }
  }
}
