from .decorator import checked as checked
