import Foundation
import FuzzTesting
import MartletCore
import Testing
import Torch

@testable import Models

/// `Fixtures/gguf/types.gguf`, written by `Tools/fixtures_gguf.py` with the reference implementation.
@Suite struct GGUFTests {
  private static let path = Bundle.module.resourcePath.map { $0 + "/Fixtures/gguf/types.gguf" } ?? ""

  @Test func metadataOfEveryTypeIsRead() throws {
    let file = try GGUFFile(path: Self.path)
    #expect(file.version == 3)
    let expected: [String: GGUFValue] = [
      "general.architecture": .string("llama"), "test.uint8": .integer(200), "test.int8": .integer(-5), "test.uint16": .integer(60000),
      "test.int16": .integer(-300), "test.uint32": .integer(4_000_000_000), "test.int32": .integer(-70000), "test.float32": .real(0.5),
      "test.bool": .bool(true), "test.string": .string("Grüße, 世界"), "test.uint64": .integer(1 << 40), "test.int64": .integer(-(1 << 40)),
      "test.float64": .real(0.1), "test.strings": .strings(["a", "", "é"]), "test.integers": .integers([1, -2, 3]),
      "test.reals": .reals([0.25, -1.5]), "test.bools": .bools([true, false]),
    ]
    for (key, value) in expected { #expect(file.metadata[key] == value, "\(key)") }
  }

  @Test(arguments: GGUFType.allCases.filter { $0 != .float32 }) func unpackedNumbersEqualTheReference(type: GGUFType) throws {
    let file = try GGUFFile(path: Self.path)
    let info = try #require(file.info(type.description))
    #expect(info.type == type)
    let values = try file.floats(info.name)
    #expect(values.shape == info.shape)
    let expected = try file.floats(info.name + ".expected")
    #expect(values.bytes == expected.bytes, "\(type)")
    #expect(try file.floats(info.name, threads: 1).bytes == values.bytes)
    #expect(try file.tensor(info.name).shape == info.shape)
  }

  @Test func shapesAreRowMajor() throws {
    let file = try GGUFFile(path: Self.path)
    #expect(file.info("Q4_K")?.shape == [2, 512])
    #expect(file.info("F16")?.shape == [3, 7])
    #expect(throws: FileError.self) { try file.floats("Q4_L") }
    do { _ = try file.tensor("Q4_L") } catch { #expect("\(error)".contains("'Q4_")) }
  }

  @Test func namesAreThoseOfTransformers() {
    #expect(GGUFNames.transformers("blk.12.attn_q.weight") == "model.layers.12.self_attn.q_proj.weight")
    #expect(GGUFNames.transformers("blk.0.ffn_norm.weight") == "model.layers.0.post_attention_layernorm.weight")
    #expect(GGUFNames.transformers("output.weight") == "lm_head.weight")
    #expect(GGUFNames.transformers("blk.x.attn_q.weight") == nil)
    #expect(GGUFNames.transformers("blk.1.attn_z.weight") == nil)
    // The reference's permutation: reshape(heads, half, 2) and swap, so rows 0, 2, 4 … come first.
    #expect((0..<8).map { GGUFNames.rotatedRow($0, headSize: 4) } == [0, 2, 1, 3, 4, 6, 5, 7])
  }

  @Test func damagedFilesAreErrorsAndNeverTrap() throws {
    let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Self.path)))
    var random = KeyedRandom(seed: 3, purpose: "gguf")
    var fuzz = FuzzRun("GGUF")
    // The header is where the numbers that may mislead are; it has fewer than 6,000 bytes.
    for index in 0..<3000 * FuzzRun.times {
      var bytes = whole
      switch index % 4 {
      case 0: bytes = Array(bytes.prefix(Int.random(in: 0..<6000, using: &random)))
      case 1:
        for _ in 0..<3 { bytes[Int.random(in: 0..<6000, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      case 2:
        let at = Int.random(in: 0..<6000, using: &random)
        for i in 0..<8 { bytes[at + i] = Bool.random(using: &random) ? 0xFF : 0x7F }
      default:
        let at = Int.random(in: 0..<6000, using: &random)
        bytes.removeSubrange(at..<at + Int.random(in: 1...32, using: &random))
      }
      fuzz.attempt {
        do throws(FileError) {
          let file = try GGUFFile(data: Data(bytes), path: "damaged.gguf")
          // What is taken can be read.
          if let first = file.names.first { _ = try? file.floats(first, threads: 1) }
          return true
        } catch {
          #expect(error.problem.hasPrefix("damaged.gguf: "))
          return false
        }
      }
    }
    fuzz.tell()
    #expect(fuzz.refused > fuzz.inputs / 2)
  }

  @Test func aVocabularyChecksItself() throws {
    let file = try GGUFFile(path: Self.path)
    #expect(throws: FileError.self) { try GGUFVocabulary(file) }
  }
}

/// The published SmolLM2 file, where it was fetched.
@Suite(.enabled(if: SharedFiles.path("data/smollm2") != nil)) struct GGUFModelTests {
  @Test func theModelIsRead() throws {
    let folder = try #require(SharedFiles.path("data/smollm2"))
    let file = try GGUFFile(path: folder + "/SmolLM2-135M-Instruct.Q4_1.gguf")
    #expect(file.tensors.count == 272)
    #expect(file.tensors.count { $0.type == .q41 } == 210)
    let vocabulary = try GGUFVocabulary(file)
    #expect(vocabulary.tokens.count == 49152 && vocabulary.split == "smollm" && vocabulary.endID == 2)
    #expect(vocabulary.chatTemplate?.contains("<|im_start|>") == true)
  }
}
