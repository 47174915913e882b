import Foundation
import Martlet
import MartletCore

// Writes what `martlet.yml` may say about each network, learner and step of preparation; `make generate` calls it with a folder.
let files = [
  ("Architectures.swift", ArchitectureSchema.text(of: ArchitectureSchema.classifiers)), ("Learners.swift", LearnerSchema.text),
]
guard let folder = CommandLine.arguments.dropFirst().first else {
  for (_, text) in files { print(text, terminator: "") }
  exit(0)
}
for (name, text) in files { try AtomicFile.write(Data(text.utf8), to: folder + "/" + name) }
