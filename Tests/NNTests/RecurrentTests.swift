import NN
import Testing
import Torch

extension NNSuite {
  @Suite struct RecurrentTests {
    static let cases = FixtureFile.layers("recurrent")
    static let convolutions = FixtureFile.layers("convolution")

    @Test("recurrent layers keep the contract", arguments: cases)
    func contract(_ testCase: LayerCase) throws { try checkLayer(testCase) }

    @Test("convolutions of every rank keep the contract", arguments: convolutions)
    func convolutionContract(_ testCase: LayerCase) throws { try checkLayer(testCase) }

    @Test func fixturesAreThere() {
      #expect(Self.cases.count >= 60)
      #expect(Self.convolutions.count >= 32)
    }

    @Test func settingsThatCannotBeAreErrorsOnUse() throws {
      let x = try Tensor.zeros([2, 3, 4])
      #expect(message { _ = try LSTM(4, 0)(x) }?.contains("4→0") == true)
      #expect(message { _ = try GRU(4, 2, layers: 0)(x) }?.contains("0 layers") == true)
      #expect(message { _ = try RNN(4, 2, layers: 2, dropout: 1.5)(x) }?.contains("1.5") == true)
      #expect(message { _ = try LSTM(4, 2, projection: 2)(x) }?.contains("projection 2") == true)
      #expect(message { _ = try GRU(4, 2)(x, state: x) }?.contains("[1, 2, 2]") == true)
      #expect(message { _ = try GRUCell(4, 2)(x.select(dim: 0, index: 0), state: x) }?.contains("[3, 2]") == true)
      #expect(message { _ = try LSTM(4, 2)(Tensor.zeros([4])) }?.contains("[batch, length, 4]") == true)
      #expect(message { _ = try ConvTranspose1d(3, 1, kernel: 2, padding: -1)(x) }?.contains("no padding") == true)
      let transposed = ConvTranspose1d(3, 1, kernel: 2, stride: 2)
      #expect(message { _ = try transposed(x, outputSize: [12]) }?.contains("from [8] to [9]") == true)
    }

    @Test func lengthsThatCannotBeAreErrors() throws {
      let x = try Tensor.zeros([2, 3, 4])
      #expect(message { _ = try PackedSequence(x, lengths: [3]) }?.contains("2 lengths in 1…3") == true)
      #expect(message { _ = try PackedSequence(x, lengths: [3, 0]) } != nil)
      #expect(message { _ = try PackedSequence(x, lengths: [3, 4]) } != nil)
      #expect(message { _ = try PackedSequence(x, lengths: [2, 3], enforceSorted: true) }?.contains("enforceSorted: false") == true)
      #expect(message { _ = try PackedSequence([]) } != nil)
      #expect(message { _ = try PackedSequence(x, lengths: [3, 1]).padded(to: 2) }?.contains("3 elements") == true)
      #expect(message { _ = try GRU(5, 2)(PackedSequence(x, lengths: [3, 1])) }?.contains("[steps, 5]") == true)
    }

    @Test func packingAndUnpackingGivesTheSequencesBack() throws {
      let sequences = try [2, 4, 1, 4].map { try Tensor.randn([$0, 3]) }
      let packed = try PackedSequence(sequences)
      #expect(packed.count == 4)
      #expect(packed.batchSizes == [4, 3, 2, 2])
      #expect(packed.sortedIndices == [1, 3, 0, 2])
      let unpacked = try packed.unpacked()
      for (sequence, same) in zip(sequences, unpacked) { #expect(try relativeDifference(same, sequence) == 0) }
      #expect(try packed.padded().lengths == [2, 4, 1, 4])
      #expect(
        try PackedSequence(packed.padded().values, lengths: [2, 4, 1, 4]).data.array(of: Float.self) == packed.data.array(of: Float.self))
    }

    @Test func aPackedSequenceGivesWhatItGivesAlone() throws {
      let lstm = LSTM(3, 4, layers: 2, bidirectional: true)
      let sequences = try [2, 4].map { try Tensor.randn([$0, 3]) }
      let together = try lstm(PackedSequence(sequences)).output.unpacked()
      for (sequence, output) in zip(sequences, together) {
        #expect(try relativeDifference(output.detach(), lstm(sequence).detach()) < 1e-5)
      }
    }

    @Test func goingOnFromAStateIsOneSequence() throws {
      let lstm = LSTM(3, 4)
      let x = try Tensor.randn([1, 6, 3])
      let (first, state) = try lstm(x.narrow(dim: 1, start: 0, length: 4), state: nil)
      let (second, _) = try lstm(x.narrow(dim: 1, start: 4, length: 2), state: state)
      #expect(try relativeDifference(Tensor.cat([first, second], dim: 1).detach(), lstm(x).detach()) < 1e-6)
    }

    @Test func cellsStepAsLayersDo() throws {
      let gru = GRU(3, 4), cell = GRUCell(3, 4)
      try cell.load(gru.state().renamed { String($0.dropLast(3)) })
      let x = try Tensor.randn([2, 3, 3])
      var state: Tensor?
      for step in 0..<3 { state = try cell(x.select(dim: 1, index: step), state: state) }
      let last = try gru(x, state: nil).state.squeeze(dim: 0)
      #expect(try relativeDifference(#require(state).detach(), last.detach()) < 1e-5)
    }

    @Test func theSummaryCountsSteps() throws {
      let lstm = try summary(of: LSTM(3, 4, bidirectional: true), input: [2, 5, 3])
      #expect(lstm.multiplyAdds == 2 * 5 * 2 * 16 * (3 + 4))
      #expect(try summary(of: Conv3d(1, 2, kernel: 2), input: [1, 1, 3, 3, 3]).multiplyAdds == 2 * 8 * 8)
      #expect(try summary(of: ConvTranspose3d(1, 2, kernel: 2), input: [1, 1, 2, 2, 2]).multiplyAdds == 8 * 2 * 8)
    }
  }
}
