package fleet

import "strings"

// contactText is what a document of the subkind text puts on the lock screen.
func contactText(content map[string]any) string {
	var lines []string
	for _, name := range []string{"message", "phone_number", "reward"} {
		if line, ok := content[name].(string); ok && line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
