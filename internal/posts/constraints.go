package posts

import "github.com/postwright/postwright/internal/postgres"

// Constraints are those of posts that a caller can run into.
func Constraints() postgres.Constraints {
	return postgres.Constraints{
		"posts_content_length":         {Path: "content", Problem: "must have 1 to 3,000 characters"},
		"posts_target_audience_length": {Path: "targetAudience", Problem: "must have at most 500 characters"},
		"posts_hashtags_count":         {Path: "hashtags", Problem: "must be at most 30"},
		"posts_post_type_known":        {Path: "postType", Problem: "must be one of the known types"},
		"posts_tone_known":             {Path: "tone", Problem: "must be one of the known tones"},
		"posts_visibility_known":       {Path: "visibility", Problem: "must be one of the known visibilities"},
	}
}
