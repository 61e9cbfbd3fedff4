package decision

import (
	"fmt"

	"github.com/google/uuid"
)

// Posts of the same text are hard to tell apart on LinkedIn, and several owners may post with one account, such as a page's.
// So what LinkedIn shows settles a doubt only where it can't be another post.

// DuplicateOfOther takes from an outcome the post that LinkedIn named as the one this is a duplicate of, because that is another
// than the earlier attempt: it says nothing about that. id is the other post's if its owner is the same, else uuid.Nil.
func (o Outcome) DuplicateOfOther(id uuid.UUID) Outcome {
	if id == uuid.Nil {
		return o.duplicateWhich("is another post")
	}
	return o.duplicateWhich(fmt.Sprintf("is the post %s", id))
}

// DuplicateOfTwin is DuplicateOfOther where the post that LinkedIn named may be another one of the same text.
func (o Outcome) DuplicateOfTwin() Outcome {
	return o.duplicateWhich("may be another post of the same text")
}

func (o Outcome) duplicateWhich(what string) Outcome {
	o.Failure.Message = fmt.Sprintf("LinkedIn refused the text as a duplicate of %s, which %s.", o.Answer.DuplicateOf, what)
	o.Answer.DuplicateOf = ""
	return o
}
