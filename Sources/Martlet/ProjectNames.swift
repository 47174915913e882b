// `Project` is both a module and its main type, so that names which another module has, too, cannot be qualified by it.
import enum Project.Augmentation

typealias ProjectAugmentation = Augmentation
