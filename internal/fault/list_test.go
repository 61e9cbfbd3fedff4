package fault

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func wrong(i int) Field { return Field{Path: fmt.Sprintf("f%d", i), Problem: "is bad"} }

func TestARefusalNamesTwentyFieldsAndCountsTheOthers(t *testing.T) {
	t.Parallel()
	require.NoError(t, Fields(), "nothing is wrong")
	for _, c := range []struct {
		count, named int
		want         string
	}{
		{1, 1, "The request is not valid: f0 is bad."},
		{2, 2, "The request is not valid: f0 is bad; f1 is bad."},
		{5, 5, "The request is not valid: f0 is bad; f1 is bad; f2 is bad; f3 is bad; f4 is bad."},
		{20, 20, "The request is not valid: f0 is bad; f1 is bad; f2 is bad; f3 is bad; f4 is bad; and 15 more."},
		{21, 20, "The request is not valid: f0 is bad; f1 is bad; f2 is bad; f3 is bad; f4 is bad; and 16 more."},
		{1000, 20, "The request is not valid: f0 is bad; f1 is bad; f2 is bad; f3 is bad; f4 is bad; and 995 more."},
	} {
		var fields []Field
		for i := range c.count {
			fields = append(fields, wrong(i))
		}
		f := Of(Fields(fields...))
		require.Equal(t, Invalid, f.Kind)
		require.Equal(t, c.want, f.Message, "the message stays short")
		require.Equal(t, fields[:c.named], f.Fields)
		require.Equal(t, c.count-c.named, f.More)
	}
}

func TestARefusalSaysOneThingOfAField(t *testing.T) {
	t.Parallel()
	var list List
	list.Add(wrong(0))
	list.AddNew(Field{Path: "f0", Problem: "is bad for another reason"}, wrong(1))
	require.Equal(t, []Field{wrong(0), wrong(1)}, Of(list.Err()).Fields)
}

func TestWhatNobodyNamedIsCounted(t *testing.T) {
	t.Parallel()
	var list List
	list.Add(wrong(0))
	list.AddMore(2)
	require.Equal(t, "The request is not valid: f0 is bad; and 2 more.", Of(list.Err()).Message)
	require.Equal(t, 2, Of(list.Err()).More)
}

func TestARefusalStaysSmallWhateverTheRequestHolds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1<<20)
	var fields []Field
	for range 1000 {
		fields = append(fields, Field{Path: long, Problem: long})
	}
	f := Of(Fields(fields...))
	require.Less(t, len(f.Message), 2<<10)
	size := 0
	for _, field := range f.Fields {
		require.True(t, utf8.ValidString(field.Path), "no character is cut in two")
		size += len(field.Path) + len(field.Problem)
	}
	require.Less(t, size, 5<<10)
	require.Equal(t, 1000, len(f.Fields)+f.More, "none is forgotten")
}

func TestClipShortensAndShowsThatItDid(t *testing.T) {
	t.Parallel()
	require.Equal(t, "short", Clip("short", 5))
	require.Equal(t, "lo…", Clip("longer", 5))
	require.Equal(t, "é…", Clip("ééé", 5))
}

func TestNamesAreAsManyAsAReaderTakesAndTheOthersAreCounted(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{"": "", "a": "a", "a b c": "a, b, c", "a b c d": "a, b, c and 1 more",
		"a b c d e": "a, b, c and 2 more"} {
		require.Equal(t, want, Names(strings.Fields(names), 3))
	}
	require.LessOrEqual(t, len(Names(make([]string, 100_000), MaxNames)), 100)
}
