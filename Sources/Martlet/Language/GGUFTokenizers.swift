import Models
import Text

extension Tokenizer {
  /// The tokenizer that a GGUF file holds.
  /// - Throws: `TokenizerError` for lists that do not fit together, and for kinds of vocabulary that are not known.
  init(gguf vocabulary: GGUFVocabulary, source: String) throws(TokenizerError) {
    var lists = GGUFTokenizer(
      model: vocabulary.model, pre: vocabulary.split ?? "default", tokens: vocabulary.tokens.map { Array($0.utf8) },
      scores: vocabulary.scores, types: vocabulary.types, merges: vocabulary.merges.map { Array($0.utf8) },
      beginningID: vocabulary.beginID, endID: vocabulary.endID, unknownID: vocabulary.unknownID, paddingID: vocabulary.paddingID,
      addsBeginning: vocabulary.addsBegin, addsEnd: vocabulary.addsEnd, addsSpacePrefix: vocabulary.addsSpacePrefix)
    lists.removesExtraSpaces = vocabulary.removesExtraSpaces
    lists.characterMap = vocabulary.characterMap
    try self.init(gguf: lists, source: source)
  }
}
