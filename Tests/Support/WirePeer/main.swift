import JSONTestSchema
import MartletJSON
import WireTestSchema

/// What an `Any` may hold besides protobuf's own types.
let registry = JSONTypeRegistry([
  Known.self, KnownLists.self, KnownMaps.self, KnownChoice.self,
])

serve(
  Dictionary(
    uniqueKeysWithValues: [
      recode(Scalars.self), recode(Optionals.self), recode(Lists.self), recode(Unpacked.self),
      recode(Maps.self), recode(Choice.self), recode(Tree.self), recode(Edges.self),
      recode(Empty.self), recode(Flat.self), recode(Flats.self),
      recode(Names.self), recode(Nulls.self), recode(Many.self),
      recode(Known.self, registry: registry), recode(KnownLists.self, registry: registry),
      recode(KnownMaps.self, registry: registry), recode(KnownChoice.self, registry: registry),
      recodedInModule.map { ("\($0.key)/in-module", $0.value) },
    ].joined()
  )
)
