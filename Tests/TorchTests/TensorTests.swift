import MartletCore
import Testing

@testable import Torch

@Suite struct TensorTests {
  @Test func valuesGoInAndOut() throws {
    let x = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
    #expect(x.shape == [2, 3] && x.ndim == 2 && x.count == 6 && x.dtype == .float32 && x.device == .cpu)
    #expect(x.strides == [3, 1] && x.isContiguous)
    #expect(try x.array(of: Float.self) == [1, 2, 3, 4, 5, 6])
    #expect(try x.transpose(0, 1).array(of: Double.self) == [1, 4, 2, 5, 3, 6])
    #expect(try x.size(-1) == 3)
    #expect(try Tensor(scalar: 5).int() == 5)
    #expect(try Tensor([Int](), shape: [0, 4]).array(of: Int.self) == [])
  }

  @Test(arguments: DType.allCases.filter { !$0.isComplex })
  func everyTypeSurvivesTheHostArray(_ dtype: DType) throws {
    let x = try Tensor([0, 1, 1, 0] as [Int64], shape: [2, 2]).to(dtype)
    #expect(x.dtype == dtype)
    let host = try x.hostArray()
    #expect(host.dtype == dtype && host.shape == [2, 2] && host.bytes.count == 4 * dtype.size)
    #expect(try Tensor(host).to(.float64).array(of: Double.self) == [0, 1, 1, 0])
  }

  @Test func lazyViewsAreReadRight() throws {
    let z = try Tensor([1, 2, 3, -4] as [Float], shape: [2, 2]).viewAsComplex()
    // Conjugation only sets a bit; its imaginary part is a view with a negative bit.
    let bytes = try z.conj().hostArray().bytes
    #expect(bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } == [1, -2, 3, 4])
    #expect(try z.conj().description == "tensor([1.-2.j, 3.+4.j])")
    #expect(try z.conj().imag().array(of: Float.self) == [-2, 4])
    #expect(try z.conj().imag().hostArray().values(as: Float.self) == [-2, 4])
    // The gradient of sgn is a tensor of zeros without memory.
    let x = try Tensor([1, -2] as [Float]).requiringGrad()
    let gradient = try #require(try Tensor.gradients(of: [x.sgn().sum()], withRespectTo: [x])[0])
    #expect(try gradient.array(of: Float.self) == [0, 0])
  }

  @Test func arithmeticReadsLikeMathematics() throws {
    let x = try Tensor([1, 2, 3] as [Double])
    #expect(try (x * 2 + 1).array(of: Double.self) == [3, 5, 7])
    #expect(try (2 - x).array(of: Double.self) == [1, 0, -1])
    #expect(try (6 / x).array(of: Double.self) == [6, 3, 2])
    #expect(try (-x ** 2).array(of: Double.self) == [1, 4, 9])
    #expect(try (2 ** x).array(of: Double.self) == [2, 4, 8])
    #expect(try (x .> 1.5).array(of: Bool.self) == [false, true, true])
    #expect(try ((x .>= 2) & (x .!= 3)).array(of: Bool.self) == [false, true, false])
    let rate: Float = 0.5
    #expect(try (x * rate).sum().double() == 3)
    // Whole numbers keep integers whole.
    #expect(try (Tensor([1, 2] as [Int]) * 2).dtype == .int64)
    #expect(try (Tensor([1, 2] as [Int]) * 2.0).dtype == .float32)
  }

  @Test func wrongShapesAreErrorsWithAllThatIsKnown() throws {
    let a = try Tensor.zeros([2, 3]), b = try Tensor.zeros([4, 5], dtype: .float32)
    let error = #expect(throws: TorchError.self) { try a.mm(b) }
    #expect(error?.operatorName == "aten::mm")
    #expect(error?.operands.map(\.shape) == [[2, 3], [4, 5]])
    #expect(
      error?.description
        == "aten::mm: mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5) (with float32[2, 3] on cpu, float32[4, 5] on cpu)")
    #expect(throws: TorchError.self) { try Tensor([1, 2, 3] as [Float], shape: [2, 2]) }
    #expect(throws: TorchError.self) { try Tensor.zeros([-1]) }
    #expect(throws: TorchError.self) { try a.double() }
    #expect(throws: TorchError.self) { try a.size(2) }
    #expect(throws: TorchError.self) { try a.to(device: .cuda) }
  }

  @Test func lackOfMemoryIsItsOwnCase() throws {
    let huge = 1 << 50
    let error = #expect(throws: TorchError.self) { try Tensor.zeros([huge]) }
    #expect(error?.kind == .outOfMemory)
    let overflow = #expect(throws: TorchError.self) { try Tensor.zeros([1 << 62, 1 << 62]) }
    #expect(overflow != nil)
  }

  @Test func singularMatricesAreTheirOwnCase() throws {
    let error = #expect(throws: TorchError.self) { try Tensor.zeros([2, 2]).linalgInv() }
    #expect(error?.kind == .linearAlgebra)
  }

  @Test func conversionsOfOneValue() throws {
    #expect(try Tensor(scalar: 2.9).int() == 2)
    #expect(throws: TorchError.self) { try Tensor(scalar: Double.nan).int() }
    #expect(try Tensor(scalar: true).scalar() == .bool(true))
    #expect(try Tensor(scalar: 3).scalar() == .int(3))
  }

  @Test func devicesHaveNames() {
    #expect(Device("cpu") == .cpu && Device("cuda:1") == .cuda(1) && Device("cuda")?.description == "cuda")
    #expect(Device("gpu") == nil && Device("cuda:") == nil && Device("cuda:-1") == nil)
  }

  @Test func printsAsTheFieldExpects() throws {
    let fixture = try TorchFixture.shared.get()
    let x = try Tensor.arange(24, dtype: .float32).reshape([2, 3, 4])
    let cases: [String: () throws -> Tensor] = [
      "scalar": { try Tensor(scalar: 3.5 as Float) },
      "whole": { try Tensor([1, 2, -3] as [Float]) },
      "decimal": { try Tensor([0.1234567, -2.5, 100, 3] as [Float], shape: [2, 2]) },
      "scientific": { try Tensor([1e-6, 1, 12345.678] as [Float]) },
      "large": { try Tensor([1e9, 1] as [Float]) },
      "special": { try Tensor([.nan, .infinity, -.infinity, 1] as [Float]) },
      "special decimal": { try Tensor([.nan, 0.5, -.infinity] as [Float]) },
      "zeros": { try Tensor.zeros([2, 3]) },
      "int": { try Tensor([1, -20, 300, 4] as [Int], shape: [2, 2]) },
      "int32": { try Tensor([1, 2] as [Int32]) },
      "bool": { try Tensor([true, false]) },
      "double": { try Tensor([1.5] as [Double]) },
      "half": { try Tensor([1.5, 2.25] as [Float]).to(.float16) },
      "bfloat16": { try Tensor([1.5, -2.25] as [Float]).to(.bfloat16) },
      "complex": { try Tensor([1, 2, -0.5, -1] as [Float], shape: [2, 2]).viewAsComplex() },
      "empty": { try Tensor.zeros([0]) },
      "empty 2d": { try Tensor.zeros([0, 3]) },
      "empty int": { try Tensor.zeros([0], dtype: .int64) },
      "three dims": { x },
      "long row": { try Tensor.arange(50) },
      "summary": { try Tensor.arange(3000).reshape([30, 100]) },
      "summary float": { try (Tensor.arange(2000) / 7).reshape([2, 1000]) },
      "summary 3d": { try Tensor.arange(2000, dtype: .float32).reshape([20, 10, 10]) },
      "requires grad": { try Tensor([1, 2] as [Float]).requiringGrad() },
      "grad fn": { try Tensor([1, 2] as [Float]).requiringGrad().exp() },
      "uint8": { try Tensor([0, 255] as [UInt8]) },
      "tiny": { try Tensor([1e-5, 2e-5] as [Float]) },
      "four dims": { try (Tensor.arange(16, dtype: .float32) / 3).reshape([2, 2, 2, 2]) },
    ]
    #expect(Set(cases.keys) == Set(fixture.printed.keys))
    for (name, make) in cases { #expect(try make().description == fixture.printed[name], "\(name)") }
  }
}
