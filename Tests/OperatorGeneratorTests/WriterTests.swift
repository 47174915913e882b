import Testing

@testable import OperatorGenerator

@Suite struct WriterTests {
  private func swift(_ declaration: String, _ spelling: String? = nil) throws -> String {
    let group = OperatorGroup(name: "group", operators: [try Operator(SchemaParser.parse(declaration), spelling: spelling)])
    return SwiftWriter.source(group)
  }

  private func cxx(_ declaration: String) throws -> String {
    CWriter.source(OperatorGroup(name: "group", operators: [try Operator(SchemaParser.parse(declaration), spelling: nil)]))
  }

  @Test(arguments: [
    ("leaky_relu", "leakyRelu"), ("add_", "add_"), ("masked_fill_", "maskedFill_"), ("_foreach_add_", "_foreachAdd_"), ("UPLO", "uplo"),
    ("LU_data", "luData"), ("HxW", "hxW"), ("log1p", "log1p"),
  ])
  func namesBecomeLowerCamelCase(name: String, expected: String) {
    #expect(Names.lowerCamelCase(name) == expected)
  }

  @Test(arguments: [
    (
      "add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor",
      "public func add(_ other: Tensor, alpha: Scalar = 1) throws(TorchError) -> Tensor {"
    ),
    (
      "sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
      "public func sum(dims: [Int]?, keepDim: Bool = false, dtype: DType? = nil) throws(TorchError) -> Tensor {"
    ),
    (
      "conv2d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=1) -> Tensor",
      "public func conv2d(_ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1, 1]) throws(TorchError) -> Tensor {"
    ),
    (
      "rand.generator(SymInt[] size, *, Generator? generator, ScalarType? dtype=None, Layout? layout=None, Device? device=None, "
        + "bool? pin_memory=None) -> Tensor",
      "public static func rand(_ shape: [Int], dtype: DType? = nil, device: Device? = nil, generator: Generator? = nil) "
        + "throws(TorchError) -> Tensor {"
    ),
    (
      "mse_loss(Tensor self, Tensor target, int reduction=Mean) -> Tensor",
      "public func mseLoss(_ target: Tensor, reduction: Reduction = .mean) throws(TorchError) -> Tensor {"
    ),
    (
      "max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)",
      "public func max(dim: Int, keepDim: Bool = false) throws(TorchError) -> (values: Tensor, indices: Tensor) {"
    ),
    ("mul_.Scalar(Tensor(a!) self, Scalar other) -> Tensor(a!)", "package func mul_(_ other: Scalar) throws(TorchError) {"),
    ("_foreach_zero_(Tensor(a!)[] self) -> ()", "package static func _foreach_zero_(_ input: [Tensor]) throws(TorchError) {"),
    ("fft_fft(Tensor self, SymInt? n=None) -> Tensor", "public func fft(n: Int? = nil) throws(TorchError) -> Tensor {"),
    ("repeat(Tensor self, SymInt[] repeats) -> Tensor", "public func `repeat`(repeats: [Int]) throws(TorchError) -> Tensor {"),
    ("equal(Tensor self, Tensor other) -> bool", "public func equal(_ other: Tensor) throws(TorchError) -> Bool {"),
  ])
  func swiftSpellingFollowsTheRules(declaration: String, expected: String) throws {
    let source = try swift(declaration)
    #expect(source.contains("  " + expected), "\(source)")
    #expect(source.contains("/// `aten::\(declaration)`"))
  }

  @Test func aSpellingOverridesTheRules() throws {
    let full = "full(SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None) -> Tensor"
    #expect(
      try swift(full, "full(_:value:dtype:)").contains("static func full(_ shape: [Int], value fillValue: Scalar, dtype: DType? = nil)"))
    let padded = "conv1d.padding(Tensor input, Tensor weight, str padding=\"valid\") -> Tensor"
    #expect(try swift(padded, "conv1d(_:padding!:)").contains("func conv1d(_ weight: Tensor, padding: String)"))
    let picked = "where.self(Tensor condition, Tensor self, Tensor other) -> Tensor"
    #expect(
      try swift(picked, "static where(_:_:_:)").contains("static func `where`(_ condition: Tensor, _ input: Tensor, _ other: Tensor)"))
  }

  @Test func labelsFollowSwiftsOrderWhereLibtorchHasTheGeneratorEarlier() throws {
    let declaration = "randperm.generator(SymInt n, *, Generator? generator, ScalarType? dtype=long) -> Tensor"
    let source = try swift(declaration, "randperm(_:dtype:generator:)")
    #expect(source.contains("static func randperm(_ n: Int, dtype: DType? = .int64, generator: Generator? = nil)"))
    #expect(source.contains("ct_randperm_generator(Int64(n), generator?.raw, dtype.c, &error)"))
  }

  @Test func anArgumentThatASpellingLeavesOutKeepsItsDefault() throws {
    let source = try swift("expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)", "package expand(_:)")
    #expect(source.contains("package func expand(_ shape: [Int]) throws(TorchError) -> Tensor"))
    #expect(source.contains("let implicit: Bool = false"))
  }

  @Test func importsAreNoWiderThanNeeded() throws {
    #expect(try !swift("relu(Tensor self) -> Tensor").contains("MartletCore"))
    #expect(try swift("sum(Tensor self, *, ScalarType? dtype=None) -> Tensor").contains("\npublic import MartletCore"))
    #expect(
      try swift("cumsum_(Tensor(a!) self, int dim, *, ScalarType? dtype=None) -> Tensor(a!)").contains("\npackage import MartletCore"))
  }

  @Test func everyHandleOutlivesTheCall() throws {
    let source = try swift("lerp.Tensor(Tensor self, Tensor end, Tensor weight) -> Tensor")
    #expect(source.contains("withExtendedLifetime((self, end, weight)) {}"))
  }

  @Test func cxxCallsTheOverloadThroughItsLightHeader() throws {
    let source = try cxx("add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)")
    #expect(source.contains("#include <ATen/ops/add_ops.h>"))
    #expect(source.contains("at::_ops::add__Tensor::call(ct::mutableTensor(self), ct::tensor(other), ct::scalar(alpha));"))
    #expect(source.contains("CT_TRY(-1,"))
  }

  @Test func symbolicIntegersAreConverted() throws {
    let source = try cxx("view(Tensor(a) self, SymInt[] size) -> Tensor(a)")
    #expect(source.contains("at::_ops::view::call(ct::tensor(self), ct::symInts(size))"))
    #expect(try cxx("permute(Tensor(a) self, int[] dims) -> Tensor(a)").contains("ct::ints(dims)"))
  }
}
