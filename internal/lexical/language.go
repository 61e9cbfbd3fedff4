package lexical

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"
)

const simpleTag = `[@#][\p{L}\p{M}\p{N}_]+`

// notProse are the parts of a text that belong to no language.
var notProse = written{regexp.MustCompile(`^(?:` + link + `|` + simpleTag + `)`), regexp.MustCompile(link + `|` + simpleTag)}

// Language says whether a text is English, and if not, what it seems to be, "" where that is not known. Trigrams tell it
// (whatlanggo) where they are sure, which they seldom are below forty characters. Small words tell it besides: where there are many
// English ones, trigrams that are sure of another language are wrong; where trigrams are not sure, it is what has more of them. A
// text in which neither tells, such as a list of names, passes for English.
func Language(text string) (name string, english bool) {
	text = notProse.replaced(text, func(string) string { return " " })
	found := whatlanggo.Detect(text)
	latin, sure := found.Script == nil || found.Script == unicode.Latin, found.IsReliable()
	switch {
	case latin && found.Lang == whatlanggo.Eng:
		return "", true
	case !latin && !sure && !scripts[found.Lang]:
		return "", false
	case !latin:
		return found.Lang.String(), false
	}
	words := wordForm.FindAllString(text, -1)
	own, foreign := 0, 0
	for _, written := range words {
		switch w := strings.ToLower(written); {
		case stopWords[w]:
			own++
		case foreignWords[w] && written != strings.ToUpper(written), strings.ContainsFunc(w, accented): // EU and OS are no words
			foreign++
		}
	}
	switch {
	case sure && (3*own < len(words) || own <= 2*foreign):
		return found.Lang.String(), false
	case sure:
		return "", true
	}
	return "", foreign == 0 || own > foreign
}

// scripts are the languages that a script of their own gives away.
var scripts = map[whatlanggo.Lang]bool{
	whatlanggo.Jpn: true, whatlanggo.Cmn: true, whatlanggo.Kor: true, whatlanggo.Tha: true, whatlanggo.Ell: true, whatlanggo.Kat: true,
}

// accented reports whether English has the letter in names and borrowed words alone.
func accented(r rune) bool { return r > unicode.MaxASCII && unicode.IsLetter(r) }

// foreignWords are frequent small words of other languages with Latin letters, none of which is an English one.
var foreignWords = set(`
	aan aber adalah ahora akan alle alleen als anche ao aos até au auch auf aus aux av avec az bedankt bei bem bij bir bitte bom
	bonjour bu bugün ce cette che como cosa cuando czy da dag danke dans dari das dass dat de dei del della delle dem dengan der
	des det deze di dia dich dir dit doch dos du dzień dzisiaj dziękuję där día een efter egy ei ein eine einem einen einer el
	ele ella elle eller em en er es ese est esta estamos este et ett eu ez fra från för für ganz geen gli goed gracias grazie
	guten gün haben har hari heb heeft hej het heute hoe hogy hoje hoy hyvä ich ici idag iedereen ihr ik ikke il ile ils im immer
	ini inte isso ist itu için ja jaar jak je jeg jesteśmy jetzt jour już já kami kan kasih kein kiitos kita köszönöm la las
	lavoro les leur lo los mais med meg mehr mein merci mi mig mijn mit moi muito mutta muy mycket más na naar nach nas nel nella
	nem nicht nie niet nieuwe noch nog noi non nos nossa nosso nostra nostro notre nous nuestra nuestro nur não når obrigada
	obrigado och oder og oggi også om onze ook op oraz oss ou où para pas pela pelo pero più por porque przez på quand quando que
	questa questo qui qué schon sehr sem ser seu sie sind się sobre somos sono sont su sur są tak takk también te terima
	teşekkürler tidak til todos tous tout très tutti tänään uit uma un una und une uno uns unser unsere untuk vandaag ve veel vil
	você vom von voor vos votre vous vår wij wir wird wordt ya yang za ze zijn zu zum zur är çok è é és über że
`)
