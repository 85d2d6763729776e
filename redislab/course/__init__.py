"""Lessons: Markdown in, a model, and the proof that a lesson keeps what it promises.

`model` is what a file says, `reader` reads it (`front_matter`, `fences`). `conditions` is the check language,
judged by `evidence`. `bench` has two clients and a checker on one engine; `proof` is `redislab check`.
`runner` leads through a lesson in the shell; `notebooks` writes it for Jupyter, `exercise` judges it there.
`reach` says what of a lesson may run where, `words` what is said around it; `attempts` become `drafts`.
"""
