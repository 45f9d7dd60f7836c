package auth

// Flip is one cell of the table of rights that a test changes.
type Flip struct {
	Permission Permission
	Role       Role
	To         Grant
	// Do makes the change, and returns what takes it back.
	Do func() (undo func())
}

// Flips are changes of every cell, one for each: a right that is there becomes
// another or none, one that is not there is given.
func Flips() []Flip {
	var flips []Flip
	for permission, row := range table {
		for _, role := range Roles() {
			was, there := row[role]
			to := map[Grant]Grant{GrantNone: GrantBoth, GrantAsk: GrantSecond, GrantSecond: GrantAsk, GrantBoth: GrantNone,
				GrantAskOwn: GrantAskWard, GrantAskWard: GrantAskNamed, GrantAskNamed: GrantAsk}[was]
			flips = append(flips, Flip{Permission: permission, Role: role, To: to, Do: func() func() {
				row[role] = to
				return func() {
					row[role] = was
					if !there {
						delete(row, role)
					}
				}
			}})
		}
	}
	return flips
}
