import MartletCore
import NN
import Torch

extension LayerCase {
  func recurrent(_ c: Config) throws -> Subject? {
    switch layer {
    case "RNN": return rnn(c)
    case "GRU": return gru(c)
    case "LSTM": return lstm(c)
    case "RNNCell":
      let activation = RNNActivation(rawValue: c.string("activation", "tanh")) ?? .tanh
      return Subject(RNNCell(c.int("inputs"), c.int("hidden"), activation: activation, bias: c.bool("bias", true))) { cell, inputs in
        [try cell(inputs("input"), state: inputs["state"])]
      }
    case "GRUCell":
      return Subject(GRUCell(c.int("inputs"), c.int("hidden"), bias: c.bool("bias", true))) { cell, inputs in
        [try cell(inputs("input"), state: inputs["state"])]
      }
    case "LSTMCell":
      return Subject(LSTMCell(c.int("inputs"), c.int("hidden"), bias: c.bool("bias", true))) { cell, inputs in
        let state = try cell(inputs("input"), state: inputs.lstmState)
        return [state.hidden, state.cell]
      }
    default: return nil
    }
  }

  private func rnn(_ c: Config) -> Subject {
    let layer = RNN(
      c.int("inputs"), c.int("hidden"), layers: c.int("layers", 1),
      activation: RNNActivation(rawValue: c.string("activation", "tanh")) ?? .tanh, bias: c.bool("bias", true),
      dropout: c.double("dropout"), bidirectional: c.bool("bidirectional", false), batchFirst: c.bool("batchFirst", true))
    let lengths = c.ints("lengths"), batchFirst = layer.batchFirst
    return Subject(layer) { layer, inputs in
      let x = try inputs("input")
      guard let lengths else {
        let (output, state) = try layer(x, state: inputs["state"])
        return [output, state]
      }
      let (output, state) = try layer(PackedSequence(x, lengths: lengths, batchFirst: batchFirst), state: inputs["state"])
      return [try output.repadded(batchFirst, x), state]
    }
  }

  private func gru(_ c: Config) -> Subject {
    let layer = GRU(
      c.int("inputs"), c.int("hidden"), layers: c.int("layers", 1), bias: c.bool("bias", true), dropout: c.double("dropout"),
      bidirectional: c.bool("bidirectional", false), batchFirst: c.bool("batchFirst", true))
    let lengths = c.ints("lengths"), batchFirst = layer.batchFirst
    return Subject(layer) { layer, inputs in
      let x = try inputs("input")
      guard let lengths else {
        let (output, state) = try layer(x, state: inputs["state"])
        return [output, state]
      }
      let (output, state) = try layer(PackedSequence(x, lengths: lengths, batchFirst: batchFirst), state: inputs["state"])
      return [try output.repadded(batchFirst, x), state]
    }
  }

  private func lstm(_ c: Config) -> Subject {
    let layer = LSTM(
      c.int("inputs"), c.int("hidden"), layers: c.int("layers", 1), bias: c.bool("bias", true), dropout: c.double("dropout"),
      bidirectional: c.bool("bidirectional", false), projection: c.int("projection"), batchFirst: c.bool("batchFirst", true))
    let lengths = c.ints("lengths"), batchFirst = layer.batchFirst
    return Subject(layer) { layer, inputs in
      let x = try inputs("input")
      guard let lengths else {
        let (output, state) = try layer(x, state: inputs.lstmState)
        return [output, state.hidden, state.cell]
      }
      let (output, state) = try layer(PackedSequence(x, lengths: lengths, batchFirst: batchFirst), state: inputs.lstmState)
      return [try output.repadded(batchFirst, x), state.hidden, state.cell]
    }
  }
}

extension Inputs {
  fileprivate var lstmState: LSTMState? {
    guard let hidden = self["state"], let cell = self["cell"] else { return nil }
    return LSTMState(hidden: hidden, cell: cell)
  }
}

extension PackedSequence {
  /// Padded to one more than the input's length, as the fixtures are.
  fileprivate func repadded(_ batchFirst: Bool, _ x: Tensor) throws -> Tensor {
    try padded(batchFirst: batchFirst, value: -1.5, to: x.shape[batchFirst ? 1 : 0] + 1).values
  }
}
