package api

// PageInput is what every list takes.
type PageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor" doc:"Send it as cursor to get the next page; empty on the last one."`
	Total      int    `json:"total" doc:"How many match in all; at least that many, where somebody sees only part of what there is."`
}

// pageOutput answers a list.
type pageOutput[T any] struct {
	Body Page[T]
}

// whole is a page that holds everything there is.
func whole[T any](items []T) *pageOutput[T] {
	return &pageOutput[T]{Body: Page[T]{Items: items, Total: len(items)}}
}

// output answers one resource.
type output[T any] struct {
	Body T
}

// versioned answers one resource that can be changed with If-Match.
type versioned[T any] struct {
	ETag string `header:"ETag" doc:"Send it in If-Match to change this resource."`
	Body T
}

// empty answers nothing: 204.
type empty struct{}

// IdempotentInput is what every write takes.
type IdempotentInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"128" doc:"A request sent again with the same key within 24 hours has no second effect."`
}

// MatchInput is what every update takes.
type MatchInput struct {
	IdempotentInput
	IfMatch string `header:"If-Match" doc:"The ETag of what was read."`
}
