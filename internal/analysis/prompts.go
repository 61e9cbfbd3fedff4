package analysis

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/postwright/postwright/internal/text"
)

// PromptVersion is raised with every change of the prompts or schemas; a test holds it to their hashes.
const PromptVersion = "1"

//go:embed prompts/*.txt
var promptFiles embed.FS

// prompt is all that a language model is told beside the text.
type prompt struct {
	system   string
	name     string // the schema's
	schema   map[string]any
	required []string
	hash     string
	spoken   map[string]bool // what is said in it, in runs of words
}

// The prompts of the questions; those of rewriting by the kind of optimisation.
var (
	sentimentPrompt = newPrompt("sentiment", map[string]any{
		"label": map[string]any{"type": "string", "enum": []string{Negative, Neutral, Positive}}, "score": map[string]any{"type": "number"},
	}, []string{"label", "score"}, "rules", "sentiment")
	hashtagsPrompt = newPrompt("hashtags", map[string]any{
		"hashtags": map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	}, []string{"hashtags"}, "rules", "hashtags")
	rewritePrompts = func() map[string]prompt {
		all := map[string]prompt{}
		for _, kind := range []string{ForEngagement, ForClarity, ForBrevity, ForProfessionalTone} {
			all[kind] = newPrompt(kind, map[string]any{"optimized": map[string]any{"type": "string"}},
				[]string{"optimized"}, "rules", kind, "rewrite")
		}
		return all
	}()
)

// newPrompt puts a prompt together from files. They are part of the program: one that is missing is a defect.
func newPrompt(name string, properties map[string]any, required []string, files ...string) prompt {
	parts := make([]string, len(files))
	for i, file := range files {
		content, err := promptFiles.ReadFile("prompts/" + file + ".txt")
		if err != nil {
			panic("analysis: " + err.Error())
		}
		parts[i] = strings.TrimSpace(string(content))
	}
	p := prompt{
		system: strings.Join(parts, "\n\n"), name: name, required: required,
		schema: map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false},
	}
	schema, err := json.Marshal(p.schema) // with its members in order
	if err != nil {
		panic("analysis: " + err.Error())
	}
	sum := sha256.Sum256([]byte(p.system + "\x00" + string(schema)))
	p.hash, p.spoken = hex.EncodeToString(sum[:]), runs(p.system)
	return p
}

// leaked is how many words in a row of a prompt are no accident.
const leaked = 7

var spokenWord = regexp.MustCompile(`[\p{L}\p{N}]+`)

// runs are the runs of words of a text, whatever stands between them.
func runs(s string) map[string]bool {
	words := spokenWord.FindAllString(text.Fold(s), -1)
	all := map[string]bool{}
	for i := 0; i+leaked <= len(words); i++ {
		all[strings.Join(words[i:i+leaked], " ")] = true
	}
	return all
}

// leaksInto reports whether an answer quotes the prompt, where the text that was asked about does not.
func (p prompt) leaksInto(answer, asked string) bool {
	theirs := runs(asked)
	for run := range runs(answer) {
		if p.spoken[run] && !theirs[run] {
			return true
		}
	}
	return false
}
