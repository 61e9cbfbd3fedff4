package siege

// attacks are all, in the order in which they are done.
var attacks = []attack{
	{name: "dropped-reads", do: dropReads},
}
