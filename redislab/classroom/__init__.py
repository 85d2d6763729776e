"""A class from a list of names: for each student a Redis, a Jupyter, a network and secrets of their own.

`roster` reads the list, `plan` gives each student a place that stays, `compose` and `hub` say what runs
there, `acl` who may do what on one Redis that all share, `secrets` keeps tokens, `handout` is what students
get, `board` what the teacher sees, `writing` puts all of it into a folder or leaves that as it was. `enter`
is what starts in a student's container.
"""
