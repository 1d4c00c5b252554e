"""What an audit found, as text and as a figure; here is what users call for it.

- `audit`: `epochwatch.audit`, `assert_sound` and `explain`
- `report`: the object they get, a result that prints and draws itself
- `headline`: it as one sentence
- `terminal`: it as text
- `figure`: it as a figure, with the panels `coverage` and `exposures`, in the one `style`
"""
