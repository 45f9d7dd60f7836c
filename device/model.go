package device

// NetworkCut says whether cutting this model and firmware off from the network
// is harmless while it infuses. One large family may exhaust its memory when
// authentication keeps failing, so the default is unknown.
type NetworkCut string

// The values of NetworkCut.
const (
	NetworkCutSafe    NetworkCut = "safe"
	NetworkCutUnknown NetworkCut = "unknown"
	NetworkCutHarmful NetworkCut = "harmful"
)

// Model is a maker's model and what devices of it can do.
type Model struct {
	ID    ModelID
	Maker string
	Name  string
	Class Class
	// Capabilities are the kinds that devices of this model can do. A kind that
	// is not listed is refused on every path.
	Capabilities []Kind
	// WipeErases and WipeKeeps say in a sentence what a wipe really erases on
	// this model and what it does not.
	WipeErases string
	WipeKeeps  string
	// Sanitisation lists the steps of the maker's recipe; empty when a wipe is
	// all there is.
	Sanitisation []string
	NetworkCut   NetworkCut
	// NetworkCutSource names the document that NetworkCut was taken from.
	NetworkCutSource string
	// LegacySCEP allows single DES and SHA-1 in SCEP requests for this model
	// only.
	LegacySCEP bool
	// Version rises with each change, for If-Match.
	Version int
}

// Can reports whether devices of the model can do kind.
func (m Model) Can(kind Kind) bool {
	for _, c := range m.Capabilities {
		if c == kind {
			return true
		}
	}
	return false
}
