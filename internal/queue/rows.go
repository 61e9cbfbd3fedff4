package queue

import "github.com/postwright/postwright/gen/db"

// fromRow maps a row of the table to a queue, or hands the error on.
func fromRow(row db.Queue, err error) (Queue, error) {
	slots := make([]Slot, len(row.Slots))
	for i, minutes := range row.Slots {
		slots[i] = Slot(minutes)
	}
	//exhaustruct:enforce
	return Queue{AccountID: row.AccountID, Weekly: Weekly{Zone: row.TimeZone, Slots: slots}, Revision: row.Revision}, err
}
