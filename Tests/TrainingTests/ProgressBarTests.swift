import Testing

@testable import Training

extension TorchTests {
  @Suite struct ProgressBarTests {
    private func output(isInteractive: Bool) async throws -> String {
      var text = ""
      let bar = ProgressBar(isInteractive: isInteractive, width: { 100 }, write: { text += $0 })
      try await toyTrainer(ToyNet.make()).fit(toyLoader(), validation: toyLoader(32), epochs: 2, handlers: [bar])
      return text
    }

    @Test func plainLinesElsewhere() async throws {
      let lines = try await output(isInteractive: false).split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.count == 3 && lines[2].isEmpty)
      #expect(lines[0].hasPrefix("epoch 1/2  ") && lines[1].hasPrefix("epoch 2/2  "))
      #expect(lines[0].contains("train/loss ") && lines[0].contains("validation/accuracy "))
      #expect(!lines[0].contains("\u{1B}"))
    }

    @Test func aLineIsRedrawnOnATerminal() async throws {
      let text = try await output(isInteractive: true)
      #expect(text.contains("\r\u{1B}[K"))
      #expect(text.contains("epoch 1/2  6/6  "))
      #expect(text.contains(" steps/s  0s left  loss "))
      #expect(text.split(separator: "\n").count == 2)
    }
  }
}

@Suite struct ProgressTextTests {

  @Test func numbersAndDurations() {
    #expect(ProgressBar.number(0.123456) == "0.1235")
    #expect(ProgressBar.number(12345.6) == "12346")
    #expect(ProgressBar.number(.nan) == "nan")
    #expect(ProgressBar.duration(9.4) == "9s")
    #expect(ProgressBar.duration(125) == "2m 05s")
    #expect(ProgressBar.duration(3800) == "1h 03m")
  }
}
