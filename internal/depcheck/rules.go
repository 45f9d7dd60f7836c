package depcheck

// rule says what packages may not import, and why.
type rule struct {
	// packages are paths below the module, or "..." for all of them.
	packages []string
	// except are packages that the rule does not bind.
	except []string
	// never are imports that are not allowed: a path below the module, an import
	// path, or either with "/..." for everything under it too.
	never []string
	// onlyOurs, when not nil, are the only packages of ours that are allowed.
	onlyOurs []string
	// direct looks at the package's own imports only; otherwise an import through
	// another package of ours counts as well.
	direct bool
	reason string
}

var rules = []rule{
	{
		packages: []string{"device", "audit"}, onlyOurs: []string{},
		reason: "they are the nouns that every other package speaks in: what they import, everything imports",
	},
	{
		packages: []string{"safety"}, onlyOurs: []string{"device"},
		reason: "the matrix is pure: it must be possible to read all that a decision depends on in one place",
	},
	{
		packages: []string{"commands/limits"}, onlyOurs: []string{"device", "safety"},
		reason: "the limits are pure: what is counted, and how, stands in one place",
	},
	{
		packages: []string{"commands", "ca", "auth", "safety", "device", "audit", "alert", "shift"},
		never:    []string{"gorm.io/...", "github.com/gin-gonic/gin/...", "net/http/..."},
		reason:   "rules that protect people are the same whether a request came over HTTP, the socket or a policy, and whatever database holds them",
	},
	{
		packages: []string{"..."}, except: []string{"store", "store/storetest"},
		never: []string{"gorm.io/...", "github.com/glebarez/sqlite", "github.com/pressly/goose/v3/..."}, direct: true,
		reason: "store is the only package that knows gorm and SQL",
	},
	{
		packages: []string{"api", "agent", "apple", "enroll", "auth", "ca", "commands", "configuration", "inventory", "safety", "alert", "shift"},
		never:    []string{"store/..."},
		reason:   "the code that needs storage declares the interface; otherwise nobody could say what a handler may do to the database",
	},
	{
		packages: []string{"store"},
		never:    []string{"api/...", "agent/...", "apple/...", "app/...", "net/http", "github.com/gin-gonic/gin/...", "github.com/danielgtaylor/huma/..."}, direct: true,
		reason: "storage that knows who is asking over which protocol starts to decide for it",
	},
	{
		packages: []string{"..."}, except: []string{"cmd/wardline", "cmd/wardline-agent", "bench"},
		never: []string{"app"}, direct: true,
		reason: "app wires everything; what imports it could reach everything",
	},
	{
		packages: []string{"app", "api", "agent", "enroll", "commands", "store"},
		never:    []string{"internal/fleet/..."},
		reason:   "serve does not contain the demo: simulated devices must not exist in a hospital's server",
	},
	{
		packages: []string{"..."}, except: []string{"store/storetest"},
		never: []string{"testing/...", "github.com/google/go-cmp/...", "pgregory.net/rapid", "go.uber.org/goleak",
			"github.com/rogpeppe/go-internal/...", "store/storetest"}, direct: true,
		reason: "production code that imports testing registers its flags and carries its weight",
	},
	{
		packages: []string{"auth", "ca", "enroll", "commands", "alert"},
		never:    []string{"math/rand/..."}, direct: true,
		reason: "secrets, serial numbers and keys come from crypto/rand only",
	},
	{
		packages: []string{"..."}, except: []string{"internal/depcheck"},
		never: []string{"unsafe", "github.com/bytedance/sonic/..."}, direct: true,
		reason: "nothing here is worth memory that Go does not check, or assembly tied to one Go version",
	},
}

// vagueNames are package names that say nothing about what lives inside, so that
// everything ends up there.
var vagueNames = []string{"util", "utils", "helper", "helpers", "common", "models", "types", "service", "services",
	"repository", "misc", "shared", "base", "lib", "tools"}
