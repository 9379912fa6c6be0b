#include "trainer_of.hpp"

template std::unique_ptr<tool::AnyTrainer> tool::make_trainer_of<4>(functional::Model&, const Compilation&);
