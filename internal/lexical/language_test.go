package lexical_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/lexical"
)

func TestEnglishIsTold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"What a wonderful day", "The meeting is on Tuesday at ten.", "Is anybody there?", "Hello, LinkedIn", "text", "We ship today.",
		"Great news!", "Hiring Go engineers", "Our Q3 revenue grew 14% to $3.2M.", "Kubernetes cluster autoscaling reduces invoices",
		"Congratulations to Anna Müller and José García on their promotion!", "Join us #remotework", "Release 2.4.1 adds SSO",
		"Docker, Kubernetes, Terraform, Ansible", "42 — 17", "🎉🎉", "", "https://example.com/über-uns", "@françois #größe",
		"The EU and the OS of our CI in LA", "Thanks to the team in São Paulo for the naïve but working résumé parser",
		"It's not a good sign when nobody asks questions.", "Our motto is “carpe diem”, and we mean it",
	} {
		name, english := lexical.Language(text)
		require.True(t, english, "%q", text)
		require.Empty(t, name)
	}
}

func TestOtherLanguagesAreTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Das ist ein schöner Tag": "German", "Wir suchen ab sofort einen Entwickler in Berlin": "German", "Danke an alle": "",
		"We zoeken in Utrecht een nieuwe collega die met ons over de hele wereld wil werken": "Dutch", "Guten Tag": "",
		"Heute haben wir unser neues Produkt vorgestellt.": "",
		"C'est une belle journée":                          "", "Nous recrutons un ingénieur à Paris": "French", "Merci à tous": "",
		"Hoy es un gran día para nuestro equipo": "", "Gracias a todos": "", "Estamos contratando": "",
		"Oggi è una bella giornata": "", "Grazie a tutti": "", "Vandaag is een mooie dag": "", "Bedankt iedereen": "",
		"Hoje é um bom dia": "", "Obrigado a todos": "", "Dzisiaj jest piękny dzień": "", "Idag är en fin dag": "", "I dag er en god dag": "",
		"Bugün güzel bir gün": "", "Tänään on kaunis päivä": "Finnish", "Hari ini adalah hari yang indah": "",
		"Hôm nay là một ngày đẹp trời": "", "Сегодня хороший день": "", "今日はいい日です": "Japanese", "今天是个好日子": "Mandarin",
		"오늘은 좋은 날입니다": "Korean", "اليوم يوم جميل": "", "आज का दिन अच्छा है": "Hindi", "Σήμερα είναι μια καλή μέρα": "Greek",
		"Wir freuen uns sehr, dass unsere neue Kollegin heute angefangen hat. Willkommen im Team!": "German",
	} {
		name, english := lexical.Language(text)
		require.False(t, english, "%q", text)
		require.Equal(t, want, name, "%q", text)
	}
}

func TestAnyTextHasALanguageOrNone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		name, english := lexical.Language(text)
		require.False(t, english && name != "")
	})
}
