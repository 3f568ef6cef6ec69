# Names for the commands people type; what they do stands in run.py.

.DEFAULT_GOAL := help
.PHONY: help run test format translations

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */\1\t/' | expand -t 16

run:  ## set up and serve on http://127.0.0.1:5000
	python3 run.py

test:  ## set up and run every check
	python3 run.py test

format:  ## put code into shape
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

translations:  ## collect sentences into helpdesk/translations/en/LC_MESSAGES/messages.po
	.venv/bin/pybabel -q extract -F babel.cfg -k lazy_gettext -k lazy_ngettext:1,2 --no-location --sort-output \
		--project=Unsnag --copyright-holder='The Unsnag authors' -o messages.pot .
	test -d helpdesk/translations/en || .venv/bin/pybabel -q init -i messages.pot -d helpdesk/translations -l en
	.venv/bin/pybabel -q update -i messages.pot -d helpdesk/translations --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	rm messages.pot
