from .checker import *
from .model.language import *
from .model.processes import *
from .properties import *
