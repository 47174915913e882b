import Foundation
import MartletCore
import Testing

@testable import Torch

/// A file of Tools/fixtures_pth.py.
func pthURL(_ name: String) throws -> String { try fixtureURL("pth/" + name).path }

@Suite struct PyTorchFileTests {
  static let files: [(file: String, values: String)] = [
    ("kinds.pth", "kinds"), ("kinds.3.pth", "kinds"), ("kinds.4.pth", "kinds"), ("kinds.5.pth", "kinds"), ("kinds.legacy.pth", "kinds"),
    ("newer.pth", "newer"), ("newer.legacy.pth", "newer"), ("state.pth", "state"), ("state.legacy.pth", "state"), ("small.pth", "small"),
    ("small.legacy.pth", "small"), ("small.unchecked.pth", "small"), ("old.legacy.pth", "old"),
  ]

  @Test("types, views and strides are torch's", arguments: files)
  func values(_ file: String, _ values: String) throws {
    let read = try PyTorchFile(path: pthURL(file)), expected = try SafetensorsFile(path: pthURL(values + ".safetensors"))
    #expect(Set(read.names) == Set(expected.names))
    for (name, tensor) in try read.tensors() {
      #expect(try tensor.hostArray() == expected.tensor(name).hostArray(), "\(name)")
      let info = try #require(read.info(name))
      #expect(info.shape == tensor.shape && info.dtype == tensor.dtype && info.strides == tensor.strides)
    }
  }

  @Test(arguments: ["kinds.pth", "kinds.legacy.pth"])
  func sharedMemoryStaysShared(_ file: String) throws {
    let read = try PyTorchFile(path: pthURL(file))
    let before = try Digest.sha256(file: pthURL(file))
    func info(_ name: String) throws -> PyTorchTensor { try #require(read.info(name)) }
    #expect(try info("base").sharesStorage(with: info("transposed")) && info("tied").sharesStorage(with: info("part")))
    #expect(try !info("base").sharesStorage(with: info("float32")))
    #expect(try info("transposed").strides == [1, 6] && info("expanded").strides == [0, 0] && info("stepped").strides == [12, 3])
    #expect(try info("channels").strides == [18, 1, 6, 2])
    let base = try read.tensor("base"), part = try read.tensor("part")
    try base.zero_()
    #expect(try part.array(of: Float.self).allSatisfy { $0 == 0 })
    #expect(try Digest.sha256(file: pthURL(file)) == before, "the file is never changed")
  }

  @Test(arguments: ["checkpoint.pth", "checkpoint.legacy.pth"])
  func checkpointsAreTrees(_ file: String) throws {
    let read = try PyTorchFile(path: pthURL(file)), state = try PyTorchFile(path: pthURL("state.pth"))
    let contents = read.contents
    guard case .int(3)? = contents["epoch"], case .double(0.25)? = contents["best"], case .string("probe-ü")? = contents["name"],
      case .some(PyTorchValue.none) = contents["none"], case .size([2, 3])? = contents["size"], case .dtype(.float16)? = contents["dtype"],
      case .tuple(let items)? = contents["tuple"], items.count == 4, case .list(let list) = items[3], case .int(-70000) = list[1],
      case .int(1_099_511_627_776) = list[2], case .bool(true) = items[2], case .double(-2.5) = items[1]
    else {
      Issue.record("the tree is another: \(contents)")
      return
    }
    #expect(contents["nothing"] == nil && contents["epoch"]?["x"] == nil)
    #expect(read.names.contains("state_dict.0.weight") && read.names.contains("optimizer.state.0.exp_avg"))
    #expect(try read.tensor("raw").dtype == .uint8 && read.tensor("raw").shape == [24])
    let model = try read.state()
    #expect(model.map(\.name) == state.names)
    for (name, tensor) in model { #expect(try tensor.hostArray() == state.tensor(name).hostArray(), "\(name)") }
    #expect(try read.state(at: "optimizer.state").count == 18)
    #expect(throws: PyTorchFileError.self) { try read.state(at: "ema.model") }
  }

  @Test func truthValuesAreChecked() throws {
    let error = #expect(throws: PyTorchFileError.self) { try PyTorchFile(path: pthURL("truth.pth")).tensor("") }
    #expect(error?.kind == .damaged && error?.description.contains("truth values") == true)
  }

  @Test func aTensorAloneHasNoName() throws {
    let read = try PyTorchFile(path: pthURL("single.pth"))
    #expect(read.names == [""])
    #expect(try read.state().map(\.tensor.shape) == [[2, 2]])
  }

  @Test func namesAndFilesThatAreNotThere() throws {
    let read = try PyTorchFile(path: pthURL("state.pth"))
    let error = #expect(throws: PyTorchFileError.self) { try read.tensor("0.wieght") }
    #expect(error?.kind == .missing && error?.remedy == "'0.weight'")
    let none = #expect(throws: PyTorchFileError.self) { try PyTorchFile(path: "no/such.pth") }
    #expect(none?.kind == .unreadable && none?.description.hasPrefix("no/such.pth: cannot be read") == true)
  }
}
