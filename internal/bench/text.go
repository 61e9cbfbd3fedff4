package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Words that are searched for: one that every text has, one that a few of one owner's have, one that none has.
const (
	commonWord = "today"
	rareWord   = "zyzzyva"
	absentWord = "qwertyuiop"
	// rarePosts is how many texts have the rare word.
	rarePosts = 3
)

// words are what texts are made of: enough that most sets of three letters are about as frequent as in a language.
var words = strings.Fields(`about account after again against answer arrive article author because become before begin behind believe
	between board bridge bring build business career change choose city clear client close coffee colleague company compare consider
	customer decide deliver design develop different discover draft early employee engineer enough evening every example experience
	explain family feature finally follow forward friend future garden growth happen hiring history honest hundred idea important
	improve industry interest journey keep knowledge language launch leader learn letter library listen little machine manager market
	matter meeting member method middle minute moment money morning mountain network never number office often opinion other outside
	people perhaps picture place plan platform possible practice present problem product project promise publish question quick
	reader really reason record release remember report result review river season second service share simple single software
	something standard start story strategy strong student success system teacher team technology thank thing thousand together
	tomorrow travel understand until value village voice weekend welcome window winter wonder work world write year yesterday`)

// wordsOfText make about 300 characters.
const wordsOfText = 42

// newText is the text of a number: the same in every run, and no other number's.
func newText(number int, rare bool) string {
	random := rand.New(rand.NewPCG(uint64(number), 1)) //nolint:gosec // counted from 0
	var b strings.Builder
	fmt.Fprintf(&b, "Note %d of %s:", number, commonWord)
	for range wordsOfText {
		b.WriteByte(' ')
		b.WriteString(words[random.IntN(len(words))])
	}
	if rare {
		b.WriteString(" " + rareWord)
	}
	return b.String()
}
