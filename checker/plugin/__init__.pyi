from .configured import configured as configured
from .decorator import checked as checked
