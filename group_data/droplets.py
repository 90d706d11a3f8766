"""The owner's few lines. Everything else has its default in all.py."""

domain = "blog.test"
email = ""
site_path = "examples/blog/_site"
