extension StepRegistry {
  /// Every step that a recipe can name.
  static let all: [any RecipeStep.Type] = [
    SimpleImputer.self, StandardScale.self, RobustScale.self, MaxAbsScale.self, MinMaxScale.self, QuantileScale.self, PowerScale.self,
    NormalizeRows.self, Clip.self, Log.self, Bins.self, OneHot.self, Ordinal.self, CountEncoding.self, TargetEncoding.self,
    WeightOfEvidence.self, LeaveOneOutEncoding.self, OrderedEncoding.self, HashCategories.self, DateParts.self, TFIDF.self, HashText.self,
    Tokenize.self, Drop.self, Polynomial.self, Derive.self, GroupAggregates.self, SelectByVariance.self, SelectByCorrelation.self,
    SelectFromModel.self,
    Eliminate.self, SelectBest.self, PCA.self, TruncatedSVD.self, NeighbourImputer.self, IterativeImputer.self, AutoencoderImputer.self,
  ]

  /// Every fitted step that a saved recipe can hold.
  static let allFitted: [any FittedStep.Type] = [
    FittedFill.self, FittedScale.self, FittedRange.self, FittedQuantiles.self, FittedPower.self, FittedNorm.self, FittedClip.self,
    FittedLog.self, FittedBins.self, FittedOneHot.self, FittedOrdinal.self, FittedCategoryValues.self, FittedHashCategories.self,
    FittedDates.self, FittedText.self, FittedHashText.self, FittedTokens.self, FittedDrop.self, FittedProducts.self, FittedFormula.self,
    FittedLookup.self,
    FittedPick.self, FittedProjection.self, FittedReduction.self, FittedNeighbours.self, FittedChain.self, FittedAutoencoder.self,
  ]
}
