import MartletCore
import NN
import Torch

/// The plain part of a grouped optimizer's saved state.
private struct SavedGroups<Settings: Codable>: Codable {
  var kind: String
  var settings: [Settings]
  var counts: [[Int]]
  /// Left out by methods that remember none.
  var numbers: [[[Double]]]?
}

extension GroupedOptimizer {
  public func state() throws -> SavedState {
    let plain = SavedGroups(kind: kind, settings: groups.map(\.settings), counts: counts, numbers: remembersNumbers ? numbers : nil)
    let values = try JSON.decode(JSONValue.self, from: JSON.encode(plain, pretty: false), source: kind)
    var saved: [(name: String, tensor: Tensor)] = []
    for (group, groupSlots) in slots.enumerated() {
      for (slot, list) in groupSlots.enumerated() {
        for (index, tensor) in list.enumerated() {
          if let tensor { saved.append((name: Self.name(slotNames[slot], group, index), tensor: try tensor.clone())) }
        }
      }
    }
    return SavedState(values: values, tensors: saved)
  }

  public func load(_ state: SavedState) throws {
    let source = "optimizer state"
    guard let savedKind = state.values["kind"]?.stringValue, savedKind == kind else {
      throw StateMismatch(
        "the state is one of '\(state.values["kind"]?.stringValue ?? "nothing")'", expected: "a state of '\(kind)'")
    }
    let plain = try JSON.decode(SavedGroups<Settings>.self, from: JSON.encode(state.values, pretty: false), source: source)
    guard plain.counts.map(\.count) == counts.map(\.count), plain.settings.count == groups.count else {
      throw StateMismatch(
        "the state has groups of \(plain.counts.map(\.count)) parameters", expected: "groups of \(counts.map(\.count))",
        remedy: "build the same model and the same parameter groups")
    }
    let loadedNumbers = plain.numbers ?? (remembersNumbers ? [] : numbers)
    guard loadedNumbers.map({ $0.map(\.count) }) == numbers.map({ $0.map(\.count) }) else {
      throw StateMismatch("the state remembers other numbers than '\(kind)' does", expected: "a state of '\(kind)'")
    }
    var loaded = slots.map { $0.map { $0.map { _ in Tensor?.none } } }
    let named = Dictionary(state.tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
    for group in slots.indices {
      for slot in slotNames.indices {
        for index in groups[group].parameters.indices {
          let name = Self.name(slotNames[slot], group, index)
          guard let tensor = named[name] else { continue }
          let parameter = try groups[group].parameters[index].value
          let shape = shape(ofSlot: slot, for: parameter)
          guard tensor.shape == shape, tensor.dtype == parameter.dtype else {
            throw StateMismatch(
              "'\(name)' is \(tensor.dtype) of shape \(tensor.shape)", expected: "\(parameter.dtype) of shape \(shape)",
              remedy: "build the same model")
          }
          loaded[group][slot][index] = try tensor.to(device: parameter.device, copy: true)
        }
      }
    }
    slots = loaded
    counts = plain.counts
    numbers = loadedNumbers
    for index in groups.indices { groups[index].settings = plain.settings[index] }
  }

  private var remembersNumbers: Bool { numbers.contains { $0.contains { !$0.isEmpty } } }

  private static func name(_ slot: String, _ group: Int, _ index: Int) -> String { "\(slot).\(group).\(index)" }
}
