package depcheck

import (
	"slices"
	"strings"
)

// graph maps each package of the module, by its path below it, to what it
// imports outside of its tests; ours by that path too, "ours:" before it.
type graph map[string][]string

const ours = "ours:"

// broken returns one sentence for every import that breaks a rule.
func (g graph) broken(rules []rule) []string {
	var out []string
	for _, r := range rules {
		for _, pkg := range sorted(g) {
			if !bound(r, pkg) {
				continue
			}
			for _, chain := range g.reach(pkg, r.direct) {
				if target := chain[len(chain)-1]; r.forbids(target) {
					out = append(out, pkg+" imports "+readable(chain)+": "+r.reason)
				}
			}
		}
	}
	return out
}

func bound(r rule, pkg string) bool {
	return (slices.Contains(r.packages, pkg) || slices.Contains(r.packages, "...")) && !slices.Contains(r.except, pkg)
}

func (r rule) forbids(target string) bool {
	path, isOurs := strings.CutPrefix(target, ours)
	if r.onlyOurs != nil && isOurs {
		return !slices.Contains(r.onlyOurs, path)
	}
	return slices.ContainsFunc(r.never, func(pattern string) bool {
		under, tree := strings.CutSuffix(pattern, "/...")
		return path == under || (tree && strings.HasPrefix(path, under+"/"))
	})
}

// reach returns the shortest chain of imports to everything that pkg imports:
// its own imports, or also those of our packages on the way.
func (g graph) reach(pkg string, direct bool) [][]string {
	var chains [][]string
	seen := map[string]bool{ours + pkg: true}
	queue := [][]string{{ours + pkg}}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		path, isOurs := strings.CutPrefix(at[len(at)-1], ours)
		if !isOurs {
			continue
		}
		for _, next := range g[path] {
			if seen[next] {
				continue
			}
			seen[next] = true
			chain := append(slices.Clone(at), next)
			chains = append(chains, chain[1:])
			if !direct {
				queue = append(queue, chain)
			}
		}
	}
	return chains
}

func readable(chain []string) string {
	names := make([]string, len(chain))
	for i, c := range chain {
		names[i] = strings.TrimPrefix(c, ours)
	}
	return names[len(names)-1] + through(names[:len(names)-1])
}

func through(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " through " + strings.Join(names, ", ")
}

func sorted(g graph) []string {
	keys := make([]string, 0, len(g))
	for k := range g {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
