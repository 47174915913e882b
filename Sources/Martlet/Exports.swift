// `import Martlet` is all that an engineer's program needs. The command line's own modules (Project, Commands) and the server stay out of
// the way: their names (`Project`, `OptimizerChoice`) mean something else there.
@_exported public import Bundles
@_exported public import Evaluation
@_exported public import Generation
@_exported public import Hub
@_exported public import Images
@_exported public import Learners
@_exported public import MartletCore
@_exported public import Models
@_exported public import NN
@_exported public import Profiling
@_exported public import Recipes
@_exported public import Registry
@_exported public import Selection
@_exported public import Tables
@_exported public import Text
@_exported public import TextTasks
@_exported public import Torch
@_exported public import Training
